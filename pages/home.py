"""Home: what this is, what the server has, and where to begin or go on.

The engine is imported where it is used, below the first words: a server that has just started shows those at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from tlcore.home import home
from ui import state
from ui.guard import guard
from ui.layout import card, header
from ui.words import STATUS, ago, percent, plain, short, size

if TYPE_CHECKING:
    from tlcore.data import Dataset
    from tlcore.runs import Run

MOST = 5
QUEUE_SECONDS = 2.0


def server() -> None:
    """One quiet line: what trainings run on."""
    from tlcore.device import machine

    has = machine()
    gpus = " + ".join(f"{plain(gpu.name)} ({size(gpu.memory_total)})" for gpu in has.gpus)
    accelerator = gpus or ("Apple GPU" if has.mps else "CPU only")
    with st.container(horizontal=True, vertical_alignment="center", key="server"):
        st.badge(f"Trains on {accelerator}", icon=":material/memory:", color="blue")
        memory = f"{size(has.memory_available)} of {size(has.memory_total)} memory free"
        st.caption(f"{has.n_cores} cores, {memory}", width="content")


def begin() -> None:
    """The samples and one's own data, side by side."""
    from ui.data.bring import sample_cards

    st.subheader("Start with a dataset", anchor=False)
    columns = iter(st.columns(3))
    sample_cards(columns)
    with next(columns), st.container(border=True, height="stretch", key="own"):
        st.markdown("#### :material/upload_file: Bring your own")
        st.caption("Images in class folders or with a table of labels, texts as csv, Excel, json or Parquet.")
        st.space("stretch")
        if st.button("Upload data", type="primary", icon=":material/arrow_forward:", key="bring", width="stretch"):
            st.switch_page("pages/data.py", query_params={"add": "1"})


def recent_runs(runs: tuple[Run, ...]) -> None:
    """The newest runs, each one click away."""
    with card("Runs", key="recent-runs", stretch=True):
        if not runs:
            st.caption("None yet. Choose a dataset, then a strategy; what you train appears here and stays.")
        for run in runs[:MOST]:
            icon, colour = STATUS[run.status]
            with row(f"run-{run.id}"):
                star = "★ " if run.starred else ""
                if st.button(star + plain(short(run.name)), key=f"open-run-{run.id}", type="tertiary"):
                    st.switch_page("pages/train.py", query_params={"run": run.id})
                st.badge(run.status, icon=icon, color=colour)
                score = f"test {percent(run.test_accuracy)} · " if run.test_accuracy is not None else ""
                st.caption(score + ago(run.created), width="content")
        if len(runs) > MOST:
            st.page_link("pages/train.py", label="All runs", icon=":material/arrow_forward:")


def waiting() -> None:
    """The queue, drawn again every two seconds while there is one."""
    from ui.queue import queue

    def look() -> None:
        with guard():
            queue(state.studio().queue())

    st.fragment(look, run_every=QUEUE_SECONDS if state.studio().store.runs(status=("queued",)) else None)()


def recent_datasets(datasets: tuple[Dataset, ...]) -> None:
    """The newest datasets, each one click away."""
    with card("Datasets", key="recent-datasets", stretch=True):
        if not datasets:
            st.caption("None yet. Take a sample to look around, or upload your own.")
        for dataset in datasets[:MOST]:
            icon = ":material/image:" if dataset.modality == "image" else ":material/notes:"
            with row(f"dataset-{dataset.id}"):
                name = plain(short(dataset.name))
                if st.button(name, key=f"open-dataset-{dataset.id}", type="tertiary", icon=icon):
                    st.switch_page("pages/data.py", query_params={"dataset": dataset.id})
                about = f"{dataset.n_samples:,} samples, {len(dataset.classes)} classes · {ago(dataset.created)}"
                st.caption(about, width="content")
        if len(datasets) > MOST:
            label = f"All {len(datasets):,} datasets"
            st.page_link("pages/data.py", label=label, icon=":material/arrow_forward:")


def row(key: str) -> DeltaGenerator:
    """A line of a list."""
    return st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"row-{key}")


def main() -> None:
    """Draw the page, what costs nothing first."""
    header("TL Studio")
    st.markdown(
        "Bring labelled images or texts, train a classifier on top of a pretrained model, "
        "and read how well it does on samples it has never seen."
    )
    server()
    begin()
    from tlcore.data import list_datasets
    from ui.storage import storage

    waiting()
    runs, datasets = st.columns(2)
    with runs:
        recent_runs(state.studio().runs(limit=MOST + 1))
    with datasets:
        recent_datasets(list_datasets(home()))
    storage()


main()
