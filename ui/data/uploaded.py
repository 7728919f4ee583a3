"""Uploads that were copied to disk, let go of."""

from __future__ import annotations

from collections.abc import Iterable

from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

__all__ = ["release"]


def release(files: Iterable[UploadedFile]) -> None:
    """Free their bytes now; the server would hold them for as long as the session lasts."""
    context = get_script_run_ctx()
    remove = getattr(context.uploaded_file_mgr, "remove_file", None) if context else None
    for file in files:
        if context and remove is not None:
            remove(session_id=context.session_id, file_id=file.file_id)
        file.close()
