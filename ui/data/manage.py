"""A dataset as its owner keeps it: its name, its versions, the runs that used it, and its end."""

from __future__ import annotations

import streamlit as st

from tlcore.data import Dataset
from tlcore.data.versions import lineage, rename
from tlcore.runs.deletion import MOST_RUNS, delete_dataset
from ui import state
from ui.guard import guard
from ui.words import plain, short

__all__ = ["manage"]

SHOWN = 10


def manage(dataset: Dataset) -> None:
    """A popover beside the page's main action."""
    with st.popover("Manage", icon=":material/tune:", key="manage"):
        _versions(dataset)
        runs = [run for run in state.studio().runs(limit=MOST_RUNS) if run.dataset == dataset.id]
        st.markdown(f"**Used by {len(runs)} run{'' if len(runs) == 1 else 's'}**")
        for run in runs[:SHOWN]:
            if st.button(plain(short(run.name)), key=f"manage-run-{run.id}", type="tertiary"):
                st.switch_page("pages/train.py", query_params={"run": run.id})
        name = st.text_input("Name", dataset.name, key=f"rename-{dataset.id}", max_chars=120)
        if st.button("Rename", icon=":material/edit:", key="rename", disabled=name == dataset.name):
            with guard():
                rename(dataset, name)
                st.rerun()
        _delete(dataset, [run.name for run in runs], live=any(run.live for run in runs))


def _versions(dataset: Dataset) -> None:
    chain = lineage(dataset)
    if not dataset.parent:
        return
    st.markdown(f"**Version {len(chain)}**  \n{plain(dataset.change)}")
    if len(chain) == 1:
        st.caption("The dataset it was made from was deleted.")
    for place, one in enumerate(chain[:-1], start=1):
        if st.button(f"Version {place}: {one.n_samples:,} samples", key=f"version-{one.id}", type="tertiary"):
            state.choose("dataset", one.id)
            st.rerun()


def _delete(dataset: Dataset, runs: list[str], *, live: bool) -> None:
    """Not while a run reads it; the runs that used it are named before."""
    if live:
        st.caption("A run of it is live; stop that before deleting the dataset.")
        return
    names = ", ".join(plain(short(name)) for name in runs[:SHOWN])
    words = f"I know that these runs can then not be repeated: {names}" if runs else "I want it gone for good"
    sure = st.checkbox(words, key=f"sure-{dataset.id}")
    if st.button("Delete", icon=":material/delete:", key="delete-dataset", disabled=not sure):
        with guard():
            delete_dataset(state.studio().store, dataset)
            state.forget("dataset")
            st.query_params.pop("dataset", None)
            st.rerun()
