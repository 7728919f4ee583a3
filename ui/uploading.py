"""Boxes for files, which are on disk before the page is drawn: the server never holds a file twice, nor for long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from tlcore.errors import TlcoreError
from ui import state
from ui.guard import guard, say

__all__ = ["uploader"]

MB = 2**20
"""Bytes of what Streamlit calls a megabyte."""
Take = Callable[[Sequence[UploadedFile]], None]


def uploader(
    label: str,
    take: Take,
    *,
    types: Sequence[str] | None = None,
    many: bool | Literal["directory"] = False,
    most: int | None = None,
) -> None:
    """A box whose files `take` gets as soon as they are here, and what it said of the last ones if it refused them.

    That happens before the page is drawn, for a drawn box copies what it holds.

    Args:
        most: Bytes that one file may have; as many as the server takes where there is no number.
    """
    key = state.uploader_key()
    st.file_uploader(
        label,
        type=types,
        accept_multiple_files=many,
        key=key,
        on_change=_hand_on,
        args=(key, take),
        max_upload_size=None if most is None else most // MB,
    )
    refused = state.refusal()
    if refused is not None:
        say(refused)


def _hand_on(key: str, take: Take) -> None:
    held = state.entered(key)
    # A box that is given more before it is drawn anew names again what it gave before, which has been released.
    files = [file for file in (held if isinstance(held, list) else [held]) if isinstance(file, UploadedFile)]
    if not files:
        return
    state.let_go()
    with guard():
        try:
            take(files)
        except TlcoreError as error:
            state.refuse(error)
        finally:
            _release(files)


def _release(files: Iterable[UploadedFile]) -> None:
    """Free their bytes now; the server would hold them for as long as the session lasts."""
    context = get_script_run_ctx()
    remove = getattr(context.uploaded_file_mgr, "remove_file", None) if context else None
    for file in files:
        if context and remove is not None:
            remove(session_id=context.session_id, file_id=file.file_id)
        file.close()
