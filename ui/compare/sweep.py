"""Sweep: many recipes trained within a budget, and how they stand."""

from __future__ import annotations

import streamlit as st

from tlcore.data import list_datasets
from tlcore.home import home
from tlcore.runs.sweeps import Sweep, sweeps
from ui import state
from ui.compare.sweep_board import board
from ui.compare.sweep_form import FORM, form
from ui.layout import drawer, empty
from ui.words import ago, visible

__all__ = ["sweep"]

POLL_SECONDS = 1.0


def sweep() -> None:
    """Draw the view."""
    datasets = {one.id: one for one in list_datasets(home())}
    if not datasets:
        empty("There is no dataset yet. A sweep trains on one.", page="data", action="Bring data")
        return
    made = {one.id: one for one in sweeps(state.studio())}
    box = drawer("New sweep", icon=":material/add:", key=FORM, opened=not made)
    if box is not None:
        with box:
            chosen = state.pick("dataset", list(datasets), lambda key: visible(datasets[key].name), label="Dataset")
            form(state.dataset(chosen))
    if not made:
        st.caption("No sweep has been made yet. Its leaderboard appears here, and every trial is a run under Train.")
        return
    picked = made[state.pick("sweep", list(made), lambda key: _named(made[key]), label="Sweep")]
    st.fragment(board, run_every=POLL_SECONDS if picked.live else None)(picked.id, picked.live)


def _named(one: Sweep) -> str:
    return f"{visible(one.name)} · {one.state} · {ago(one.created)} · {one.id}"
