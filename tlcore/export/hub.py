"""Putting a model onto the Hugging Face hub. The token is passed through and kept nowhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from tlcore.errors import ExportError

__all__ = ["Hub", "push"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9][A-Za-z0-9_.-]{0,95}")


class Hub(Protocol):
    """What is asked of `huggingface_hub.HfApi`."""

    def create_repo(self, repo_id: str, *, private: bool, exist_ok: bool) -> Any:
        """Make the repository, unless it is there."""
        ...

    def upload_folder(self, *, repo_id: str, folder_path: str, commit_message: str) -> Any:
        """Put the files of a folder into it, in one commit."""
        ...


def push(
    files: Mapping[str, Path],
    repository: str,
    *,
    token: str,
    private: bool = True,
    message: str,
    api: Hub | None = None,
) -> str:
    """Upload files by the names they get there; returns the repository's address.

    Raises:
        ExportError: no such name is possible, there is no token, or the hub refuses.
    """
    if not NAME.fullmatch(repository):
        raise ExportError(f"A repository is called OWNER/NAME, of letters, digits and -_.; got {repository[:100]!r}.")
    if not token.strip():
        raise ExportError("The hub wants a token with the right to write: set HF_TOKEN, or type one.")
    hub = api or _api(token.strip())
    with TemporaryDirectory(prefix="push-") as folder:
        for name, source in files.items():
            target = Path(folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            copyfile(source, target)
        try:
            hub.create_repo(repository, private=private, exist_ok=True)
            hub.upload_folder(repo_id=repository, folder_path=folder, commit_message=message)
        except Exception as error:  # the client raises its own kinds, those of its transport, and the system's
            said = str(error).replace(token.strip(), "***").strip().splitlines()
            why = said[0][:300] if said else type(error).__name__
            raise ExportError(f"The hub did not take {repository!r}: {why}") from None
    return f"https://huggingface.co/{repository}"


def _api(token: str) -> Hub:
    from huggingface_hub import HfApi

    api: Hub = HfApi(token=token)
    return api
