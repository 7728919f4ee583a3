"""Putting a model onto the Hugging Face hub. The token is passed through and kept nowhere."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from tlcore.errors import ExportError
from tlcore.export.catalogue import Tell

__all__ = ["ENDPOINT", "Hub", "push"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9][A-Za-z0-9_.-]{0,95}")
TOKEN = re.compile(r"[\x21-\x7e]{1,500}")
TRANSPORTS = ("httpx", "httpcore", "requests")
"""What the client has its requests from, by the version."""
ENDPOINT = "https://huggingface.co"
"""Unless HF_ENDPOINT names another."""


class Hub(Protocol):
    """What is asked of `huggingface_hub.HfApi`."""

    def create_repo(self, repo_id: str, *, private: bool, exist_ok: bool) -> Any:
        """Make the repository, unless it is there."""
        ...

    def create_commit(self, repo_id: str, operations: Sequence[Any], *, commit_message: str) -> Any:
        """Put files into it, in one commit."""
        ...


def push(
    files: Mapping[str, Path],
    repository: str,
    *,
    token: str,
    private: bool = True,
    update: bool = False,
    message: str,
    tell: Tell = lambda share, words: None,
    api: Hub | None = None,
) -> str:
    """Upload files by the names they get there; returns the repository's address.

    Args:
        update: Into a repository that is there already; without, that is an error, so that nothing is written over.

    Raises:
        ExportError: no such name is possible, there is no token, or the hub refuses or is out of reach.
    """
    from huggingface_hub import CommitOperationAdd

    secret, endpoint = token.strip(), os.environ.get("HF_ENDPOINT", ENDPOINT).rstrip("/")
    if not NAME.fullmatch(repository):
        raise ExportError(f"A repository is called OWNER/NAME, of letters, digits and -_.; got {repository[:100]!r}.")
    if not secret:
        raise ExportError("The hub wants a token with the right to write: set HF_TOKEN, or type one.")
    if not TOKEN.fullmatch(secret):
        raise ExportError("This is no token: it has spaces or letters that no token has. Copy it again.")
    hub = api or _api(secret, endpoint)
    try:
        tell(0.0, f"making {repository}")
        hub.create_repo(repository, private=private, exist_ok=update)
        operations = [CommitOperationAdd(name, str(source)) for name, source in files.items()]
        tell(0.1, f"uploading {len(files):,} files")
        hub.create_commit(repository, operations, commit_message=message)
    except Exception as error:  # the client raises its own kinds, those of its transport, and the system's
        raise ExportError(_why(error, repository, endpoint).replace(secret, "***")) from None
    return f"{endpoint}/{repository}"


def _api(token: str, endpoint: str) -> Hub:
    from huggingface_hub import HfApi

    api: Hub = HfApi(endpoint=endpoint, token=token)
    return api


def _why(error: Exception, repository: str, endpoint: str) -> str:
    """A sentence for people."""
    from huggingface_hub.errors import OfflineModeIsEnabled

    owner = repository.partition("/")[0]
    said = {
        401: "The hub does not know this token: it is wrong, or was revoked. Make one with the right to write under "
        f"{endpoint}/settings/tokens.",
        402: f"The hub wants {owner} to pay for this: a private repository may be larger than the account allows.",
        403: f"This token may not write to {repository}: take one with the right to write, and an owner that is you or "
        "an organisation of yours.",
        404: f"The hub knows no owner called {owner}, or this token may not see it.",
        409: f"There is a repository {repository} already: choose another name, or say that this is to be put into it "
        "(--update).",
        413: "The hub finds these files too large.",
        429: "The hub has had too many requests from here; try again in some minutes.",
    }
    for one in _causes(error):
        status = getattr(getattr(one, "response", None), "status_code", None)
        if isinstance(one, OfflineModeIsEnabled):
            return "HF_HUB_OFFLINE is set here, so nothing is sent to the hub; unset it."
        if status in said:
            return said[status]
        if status is None and (isinstance(one, ConnectionError) or type(one).__module__.startswith(TRANSPORTS)):
            return f"The hub at {endpoint} cannot be reached ({type(one).__name__}): look at the network."
    lines = str(error).strip().splitlines()
    return f"The hub did not take {repository!r}: {lines[0][:300] if lines else type(error).__name__}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what it came of: uploads go through threads that wrap theirs."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__
