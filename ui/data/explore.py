"""All samples, filtered and paged; the view is in the URL."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from tlcore.data import SPLITS, Dataset
from ui import state
from ui.data.sample import open_sample
from ui.data.tiles import ahead, text_table, tiles
from ui.words import visible

__all__ = ["A_PAGE", "explore", "matching"]

A_PAGE = 48
ALL = "all"


def explore(dataset: Dataset) -> None:
    """Draw the view."""
    name, split, find = _filters(dataset)
    rows = matching(dataset, name, split, find)
    if not len(rows):
        st.info("No sample fits these filters. Take one away to see more.", icon=":material/filter_alt_off:")
        return
    n = -(-len(rows) // A_PAGE)
    page = 1
    with st.container(horizontal=True, vertical_alignment="center", key="explore-pages"):
        if n > 1:
            page = st.pagination(n, **state.linked("page", 1, lambda value: 1 <= value <= n))
        st.caption(f"{len(rows):,} of {dataset.n_samples:,} samples")
    shown = rows[(page - 1) * A_PAGE : page * A_PAGE].tolist()
    draw = tiles if dataset.modality == "image" else text_table
    opened = draw(dataset, shown, key=f"explore-{dataset.modality}")
    if dataset.modality == "image" and page < n:
        ahead(dataset, rows[page * A_PAGE : (page + 1) * A_PAGE].tolist())
    if opened is not None:
        open_sample(dataset, opened)


def matching(dataset: Dataset, name: str, split: str, find: str) -> NDArray[np.int64]:
    """Rows, ascending, of this class and split, or of "all", whose origin or text holds the words as they are."""
    manifest = dataset.manifest()
    kept = np.ones(len(manifest), dtype=bool)
    if name in dataset.classes:
        kept &= (manifest["label"] == dataset.classes.index(name)).to_numpy()
    if split in SPLITS:
        kept &= (manifest["split"] == split).to_numpy()
    if find.strip():
        columns = ["origin", "group", *(["sample"] if dataset.modality == "text" else [])]
        held = [manifest[column].str.contains(find.strip(), case=False, regex=False).to_numpy() for column in columns]
        kept &= np.logical_or.reduce(held)
    return np.flatnonzero(kept)


def _filters(dataset: Dataset) -> tuple[str, str, str]:
    names = [ALL, *dataset.classes]
    left, middle, right = st.columns([2, 2, 2], vertical_alignment="bottom")
    name: str = left.selectbox(
        "Class",
        names,
        format_func=lambda name: "All classes" if name == ALL else visible(name),
        **_linked("class", ALL, names),
    )
    split: str = middle.segmented_control(
        "Split",
        [ALL, *SPLITS],
        format_func=str.capitalize,
        required=True,
        **_linked("in", ALL, [ALL, *SPLITS]),
    )
    where = "file name or group" if dataset.modality == "image" else "text, line or group"
    find: str = right.text_input(f"Search in {where}", placeholder="part of it", **_linked("find", ""))
    return name, split or ALL, find


def _linked(key: str, default: str, options: list[str] | None = None) -> dict[str, object]:
    """As `state.linked`; another filter begins at the first page."""
    held = state.linked(key, default, lambda value: options is None or value in options)
    follow = held["on_change"]

    def changed() -> None:
        follow()
        st.query_params.pop("page", None)

    return {**held, "on_change": changed}
