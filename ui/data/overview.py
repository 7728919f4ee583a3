"""What a dataset holds at a glance: its sizes, its classes, what was left out, examples."""

from __future__ import annotations

import streamlit as st

from tlcore.data import Dataset
from tlcore.data.spreadsheet import safe
from tlcore.data.versions import everything_left_out, lineage
from ui import charts
from ui.data.gallery import gallery
from ui.data.split import summary
from ui.layout import card
from ui.words import plain

__all__ = ["overview"]


def overview(dataset: Dataset) -> None:
    """Draw the view."""
    numbers(dataset)
    problems(dataset)
    left, right = st.columns([2, 1])
    with left:
        classes(dataset)
    with right:
        summary(dataset)
    gallery(dataset)


def numbers(dataset: Dataset) -> None:
    """The sizes at a glance."""
    table = dataset.counts()
    kind = "images" if dataset.modality == "image" else "texts"
    smallest, largest = int(table["total"].min()), int(table["total"].max())
    with st.container(horizontal=True, key="numbers"):
        st.metric(f"Samples ({kind})", f"{dataset.n_samples:,}", border=True)
        st.metric("Classes", f"{len(dataset.classes):,}", border=True)
        st.metric("Smallest to largest class", f"{smallest:,} – {largest:,}", border=True)
        parts = " / ".join(f"{int(table[split].sum()):,}" for split in ("train", "val", "test"))
        st.metric("Train / val / test", parts, border=True)


def classes(dataset: Dataset) -> None:
    """Samples per class and split, as a chart, and as a table where there are many."""
    table = dataset.counts()
    with card("Samples per class", key="classes-card", stretch=True):
        if len(table) > charts.MOST_CLASSES:
            st.caption(f"The {charts.MOST_CLASSES} largest of {len(table):,} classes; all are in the table below.")
        alt = f"Stacked bars: samples of {len(table)} classes in train, validation and test."
        charts.draw(charts.split_by_class(table), key="classes-chart", alt=alt)
        with st.expander("As a table", key="classes-table-box"):
            shown = table.rename_axis("class").reset_index()
            st.dataframe(shown, hide_index=True, key="classes-table", alt="Samples per class and split")


def problems(dataset: Dataset) -> None:
    """What was noticed, and everything that was left out, to read and to take along."""
    found = list(dict.fromkeys(problem for one in lineage(dataset) for problem in one.problems))
    if not found:
        st.caption(":material/check: Nothing was left out.")
        return
    left_out, n = everything_left_out(dataset), len(found)
    missing = "1 entry" if len(left_out) == 1 else f"{len(left_out):,} entries"
    title = f"{n} {'note' if n == 1 else 'notes'} on this data, {missing} left out"
    with st.expander(title, icon=":material/rule:", key="problems"):
        for problem in found:
            st.markdown(f"**{plain(problem.where)}**  \n{plain(problem.what)} {plain(problem.advice)}")
        if len(left_out) <= n:
            return  # the notes have said it all
        st.dataframe(left_out, hide_index=True, key="left-out-table", alt="Everything left out, and why")
        st.download_button(
            "Download as csv",
            safe(left_out).to_csv(index=False).encode("utf-8-sig"),
            "left_out.csv",
            "text/csv",
            icon=":material/download:",
            key="left-out",
            on_click="ignore",
        )
