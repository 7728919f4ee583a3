"""Bringing data in: the upload, its reading with progress, and the samples."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from tlcore.data import (
    SAMPLES,
    Columns,
    Dataset,
    Sample,
    Table,
    add_sample,
    ingest,
    inspect_table,
    list_datasets,
    receive,
)
from tlcore.errors import TlcoreError
from tlcore.home import home
from ui import state
from ui.guard import guard, say
from ui.words import plain, size, visible

__all__ = ["TYPES", "bring_your_own", "sample_cards"]

TYPES = ("zip", "csv", "tsv")
MODALITIES = {"image": ("images", ":material/image:"), "text": ("texts", ":material/notes:")}


def sample_cards(columns: Iterator[DeltaGenerator]) -> None:
    """A card for each sample dataset, each in the next of the columns."""
    for sample, column in zip(SAMPLES, columns, strict=False):
        with column, st.container(border=True, height="stretch", key=f"sample-{sample.name}"):
            _sample(sample)


def _sample(sample: Sample) -> None:
    kind, icon = MODALITIES[sample.modality]
    st.markdown(f"#### {icon} {plain(sample.title)}")
    st.caption(f"{sample.n_samples:,} {kind} in {sample.n_classes} classes. {plain(sample.note)}")
    st.space("stretch")
    if st.button("Use this sample", key=f"use-{sample.name}", icon=":material/play_arrow:", width="stretch"):
        with st.spinner("Preparing the sample…"):
            dataset = add_sample(sample.name, home())
        state.remember("dataset", dataset.id)
        st.switch_page("pages/data.py", query_params={"dataset": dataset.id})


def bring_your_own() -> None:
    """The upload box; a file taken is read at once, or for tables after its columns are named."""
    taken = st.file_uploader(
        "A zip of class folders (images), or a csv or tsv with a text and a label column",
        type=list(TYPES),
        key=state.uploader_key(),
    )
    if taken is not None:
        with guard():
            path = receive(taken, taken.name, home())
            state.keep_upload(state.Upload(path=path, name=taken.name))
            st.rerun()
    waiting = state.upload()
    if waiting is None:
        st.caption(
            "In a zip, each class is a folder: `cats/1.jpg`, `dogs/2.jpg`. "
            "Folders `train`, `val` and `test` above them are kept as your split."
        )
        return
    try:
        if waiting.path.suffix.lower() == ".zip":
            _read(waiting)
        else:
            _ask_columns(waiting, inspect_table(waiting.path))
    except TlcoreError as error:
        state.drop_upload()
        say(error)
    except Exception:
        state.drop_upload()
        raise


def _ask_columns(waiting: state.Upload, table: Table) -> None:
    """The guessed text and label columns, for the user to change, above the table's first rows.

    A table that is refused stays, for other columns may do.
    """
    st.text(f"{visible(waiting.name)}: which column holds the text, which the label?")
    columns = list(table.columns)
    left, right = st.columns(2)
    text = left.selectbox("Text column", columns, index=columns.index(table.text), key="column-text")
    label = right.selectbox("Label column", columns, index=columns.index(table.label), key="column-label")
    st.dataframe(table.preview, hide_index=True, key="table-preview", height=220, alt="The first rows of the table")
    with st.container(horizontal=True):
        asked = st.button("Read this table", type="primary", icon=":material/download_done:", key="read-table")
        st.button("Discard", on_click=state.drop_upload, key="discard-upload")
    if asked:
        try:
            _read(waiting, Columns(text=text, label=label))
        except TlcoreError as error:
            say(error)


def _read(waiting: state.Upload, columns: Columns | None = None) -> None:
    """Ingest with a bar; any other click, Cancel too, ends it here, and what was begun is removed."""
    place = st.empty()
    with place.container():
        bar = st.progress(0.0, text=f"Reading {plain(waiting.name)} ({size(waiting.path.stat().st_size)})…")
        st.button("Cancel", on_click=state.drop_upload, key="cancel-upload")
    before = {dataset.id: dataset.name for dataset in list_datasets(home())}
    try:
        dataset = ingest(waiting.path, home(), name=waiting.name, columns=columns, progress=_reporter(bar.progress))
    except TlcoreError:
        place.empty()
        raise
    state.drop_upload()
    state.tell(dataset.id, _known(before[dataset.id], dataset.name) if dataset.id in before else "")
    _open(dataset)


def _known(before: str, now: str) -> str:
    """What is said of samples that were there, in markdown."""
    renamed = "; the dataset now carries this file's name" if now != before else ""
    return f"These samples were here already as '{plain(before)}'{renamed}."


def _reporter(show: Callable[..., object]) -> Callable[[int, int], None]:
    """Passes progress on at most ten times a second."""
    last = 0.0

    def report(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= 0.1 or done == total:
            last = now
            show(min(1.0, done / max(1, total)), text=f"Checking {done:,} of {total:,} samples")

    return report


def _open(dataset: Dataset) -> None:
    state.remember("dataset", dataset.id)
    st.query_params["dataset"] = dataset.id
    st.rerun()
