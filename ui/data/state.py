"""What the Data page keeps of a session: files on their way in, what was said of them, what was decided of samples."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from tlcore.data.ingestion import Survey

__all__ = ["Upload", "decisions", "drop_upload", "keep_upload", "spare", "spared", "tell", "told", "upload"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Files on their way in."""

    paths: tuple[Path, ...]
    """Where they lie: below `folder`, or on the server."""
    folder: Path | None
    """The folder of their own in the studio's home, which goes with them; None for what is the server's."""
    name: str
    """As the user calls them."""
    survey: Survey
    """What they seem to be."""
    into: str = ""
    """The id of the dataset that they are added to; empty for a new one."""


def upload() -> Upload | None:
    """The file that waits to be read, if any. It survives a change of page."""
    return st.session_state.get("upload")


def keep_upload(taken: Upload) -> None:
    """Remember a file that is on disk now."""
    st.session_state["upload"] = taken


def drop_upload() -> None:
    """Forget the waiting file and delete it."""
    waiting = st.session_state.pop("upload", None)
    if waiting is not None and waiting.folder is not None:
        shutil.rmtree(waiting.folder, ignore_errors=True)


def tell(dataset_id: str, text: str) -> None:
    """Keep a sentence, in markdown, about how a dataset came in; it takes the place of the last one."""
    st.session_state["told"] = (dataset_id, text)


def told(dataset_id: str) -> str:
    """The sentence about this dataset, or nothing."""
    about, text = st.session_state.get("told", ("", ""))
    return text if about == dataset_id else ""


def spared(dataset_id: str, check: str) -> frozenset[int]:
    """Rows that somebody unticked among those that the fix of a check would leave out."""
    rows: frozenset[int] = st.session_state.get(f"spared {dataset_id} {check}", frozenset())
    return rows


def spare(dataset_id: str, check: str, row: int, tick: str) -> None:
    """Take note of the checkbox `tick`: unticked, the row is kept."""
    others = spared(dataset_id, check) - {row}
    st.session_state[f"spared {dataset_id} {check}"] = others if st.session_state[tick] else others | {row}


def decisions(dataset_id: str) -> dict[int, str]:
    """What the user decided of single samples, by row; only of the dataset shown last."""
    about, held = st.session_state.get("decisions", ("", {}))
    if about != dataset_id:
        held = {}
        st.session_state["decisions"] = (dataset_id, held)
    return held
