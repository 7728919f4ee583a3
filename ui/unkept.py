"""Runs whose single answers on test are not kept, and the button that has them answer again."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tlcore.home import home
from tlcore.runs import Run, jobs
from tlcore.runs.answers import answers_of
from ui.job import progress

__all__ = ["unkept"]

KEY = "ask-predictions"


def unkept(runs: Sequence[Run]) -> None:
    """Say which of these lack what intervals, tests and the report's samples need; nothing where all have it."""
    old = [run for run in runs if run.test_accuracy is not None and answers_of(home(), run) is None]
    about = [{"run": run.id, "split": "test", "epoch": run.best_epoch} for run in old]
    live = [one for one in about if jobs.look(home(), "predictions", one).live]
    if not old:
        return
    st.info(_words(len(old), len(runs)), icon=":material/history:")
    if live:
        progress("predictions", live[0], key="predictions")
    elif st.button("Score them again" if len(old) > 1 else "Score it again", icon=":material/replay:", key=KEY):
        for one in about:
            jobs.again(home(), "predictions", one)
        st.rerun()


def _words(n: int, of: int) -> str:
    if of == 1:
        which, them = "This run was", "it has no interval, and its report shows no mistakes"
    else:
        which, them = f"{n} of these {'was' if n == 1 else 'were'}", "they have no intervals, and no tests of the pairs"
    return (
        f"{which} scored before the single answers were kept, so {them}. Scoring again uses the same weights on the "
        "same samples, so the figures stay as they are."
    )
