"""What can be done with a sweep: cancel it, go on with it, delete it."""

from __future__ import annotations

import streamlit as st

from tlcore.runs.sweeps import Sweep, cancel, delete, resume
from ui import state
from ui.guard import guard
from ui.person import me

__all__ = ["controls"]


def controls(sweep: Sweep) -> None:
    """Draw the buttons that its state allows."""
    with st.container(horizontal=True, key="sweep-controls"):
        if sweep.state == "running" and st.button("Cancel", icon=":material/stop_circle:", key="sweep-cancel"):
            with guard():
                cancel(state.studio(), sweep.id, user=me())
                st.rerun()
        resumable = sweep.state in ("stopped", "failed")
        if resumable and st.button("Go on", icon=":material/play_arrow:", key="sweep-resume"):
            with guard():
                resume(state.studio(), sweep.id, user=me(), budget=_budget(sweep))
                st.rerun()
        if not sweep.live:
            _delete(sweep)


def _budget(sweep: Sweep) -> float | None:
    """The same amount again where the last one is used up."""
    budget: float | None = sweep.plan["budget"]
    return budget if budget is not None and sweep.worked >= budget else None


def _delete(sweep: Sweep) -> None:
    with st.popover("Delete", icon=":material/delete:", key="sweep-delete"):
        st.markdown("The search and its leaderboard are forgotten. Its runs stay, as runs of their own, under Train.")
        if st.button("Delete this sweep", type="primary", key="sweep-delete-sure"):
            with guard():
                delete(state.studio(), sweep.id, user=me())
                state.forget("sweep")
                st.query_params.pop("sweep", None)
                st.rerun()
