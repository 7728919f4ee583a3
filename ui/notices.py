"""What is said on every page when a run or a sweep ends: a toast, and the tab's title. Trials are their sweep's."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from ui import state, tab
from ui.guard import guard
from ui.words import STATUS, percent, plain, short

if TYPE_CHECKING:
    from tlcore.runs import Run

__all__ = ["notices"]

POLL_SECONDS = 5.0
"""Soon enough for a toast, at next to no cost."""
VERBS = {
    "finished": "is finished",
    "stopped": "was stopped",
    "paused": "is paused",
    "failed": "failed",
    "interrupted": "was interrupted",
}


def notices(page: str) -> None:
    """Look for ends: now, and again while a run is live.

    The page called Train has a title of its own; and where it shows a live run, that run's feed has it drawn anew when
    any other begins or ends.
    """
    with guard():
        runs, sweeps = _live()
        watched = page == "Train" and state.remembered("run") in runs
        st.fragment(_look, run_every=POLL_SECONDS if (runs or sweeps) and not watched else None)(page)


def _live() -> tuple[frozenset[str], frozenset[str]]:
    from tlcore.runs.sweeps import Ledger

    return Ledger(state.studio().store).live()


def _look(page: str) -> None:
    with guard():
        runs, sweeps = _live()
        for run_id in state.ended(runs):
            _say(state.studio().run(run_id), page)
        _say_sweeps(state.ended(sweeps, "sweeps"))
        if page != "Train" and (runs or sweeps):
            _show_share(page)


def _show_share(page: str) -> None:
    """On the browser's tab: how far the run is that is nearest to its end."""
    working = state.studio().store.runs(status=("running",))
    if working:
        share = max(run.progress(time.time()) for run in working)
        tab.show(f"● {100 * share:.0f} % · {page} · {tab.NAME}")


def _say_sweeps(ids: Sequence[str]) -> None:
    """How each ended, and what its winner came to; one that was deleted since tells nothing."""
    from tlcore.runs.sweeps import Ledger

    store = state.studio().store
    for sweep in Ledger(store).sweeps() if ids else ():
        if sweep.id in ids and not sweep.live:
            winner = store.run(sweep.winner) if sweep.winner and store.has(sweep.winner) else None
            best = "" if winner is None else f": trial {winner.trial} won with {percent(winner.val_accuracy)} of val"
            name = plain(short(sweep.name))
            st.toast(f"**{name}** {VERBS[sweep.state]}{best}.", icon=STATUS[sweep.state][0], duration="long")


def _say(run: Run, page: str) -> None:
    if run.live:
        return
    score = "" if run.test_accuracy is None else f": {percent(run.test_accuracy)} on the test split"
    st.toast(f"**{plain(short(run.name))}** {VERBS[run.status]}{score}.", icon=STATUS[run.status][0], duration="long")
    if page != "Train":
        tab.of(run)
