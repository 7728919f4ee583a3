"""What the browser's tab says of a run: how far it is, then what came of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import streamlit as st

from ui.words import short

if TYPE_CHECKING:
    from tlcore.runs import Run

__all__ = ["NAME", "of", "outcome", "show", "title"]

NAME = "TL Studio"
SIGNS = {"finished": "✓", "stopped": "■", "paused": "❚❚", "failed": "✕", "interrupted": "✕"}
LONGEST = 40
"""Characters of a run's name."""


def title(run: Run, now: float) -> str:
    """`● 43 % · name` while it works, `✓ 0.96 · name` when it is over."""
    name = short(run.name, LONGEST)
    if run.status == "running":
        return f"● {100 * run.progress(now):.0f} % · {name}"
    if run.live:
        return f"○ {run.status} · {name}"
    return f"{SIGNS[run.status]} {outcome(run)} · {name}"


def outcome(run: Run) -> str:
    """The test accuracy, else the one on val where the run came to its end, else the word for how it ended."""
    score = run.val_accuracy if run.test_accuracy is None else run.test_accuracy
    return run.status if score is None or run.status not in ("finished", "stopped") else f"{score:.2f}"


def show(words: str) -> None:
    """Write it on the tab, until the next page or the next words."""
    st.set_page_config(page_title=words)


def of(run: Run) -> None:
    """Write what there is to say of a run."""
    show(title(run, time.time()))
