"""What a model sees of one sample: augmentation and normalisation of an image, tokens of a text."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from tlcore.data import SPLITS, Dataset
from ui import state
from ui.backbone import pick_backbone
from ui.data.preview_images import images
from ui.data.preview_texts import texts
from ui.guard import guard
from ui.layout import card
from ui.words import plain, visible

__all__ = ["preview"]

ALL = -1
"""In place of a class: all of them."""


def preview(dataset: Dataset) -> None:
    """Draw the view; what is changed in it redraws nothing else of the page."""
    _view(dataset.id)


@st.fragment
def _view(dataset_id: str) -> None:
    with guard():
        dataset = state.dataset(dataset_id)
        with card("Sample and model", key="preview-sample-card"):
            left, right = st.columns(2)
            with left:
                row = choose_row(dataset)
            with right:
                entry = pick_backbone(dataset.modality, label="As this backbone reads it")
        (images if dataset.modality == "image" else texts)(dataset, row, entry)


def choose_row(dataset: Dataset) -> int:
    """A sample of train by its class and its place; a link may name any other."""
    names = [ALL, *range(len(dataset.classes))]
    chosen = st.selectbox(
        "Class",
        names,
        format_func=lambda label: "All classes" if label == ALL else visible(dataset.classes[label]),
        **state.linked("sample-class", ALL, lambda label: label in names),
    )
    labels, train = dataset.labels(), dataset.rows("train")
    rows = _of_class(train, labels, chosen)
    rows = rows if len(rows) else _of_class(np.arange(dataset.n_samples), labels, chosen)
    row = _asked(dataset.n_samples)
    if row is None or chosen not in (ALL, labels[row]):
        row = int(rows[0])
    place = int(np.searchsorted(rows, row))
    with st.container(horizontal=True, vertical_alignment="center", key="sample-steps"):
        before, after = (
            int(rows[(place - 1) % len(rows)]),
            int(rows[(place + (rows[place % len(rows)] == row)) % len(rows)]),
        )
        for icon, key, title, to in (
            ("chevron_left", "sample-previous", "Previous", lambda: before),
            ("chevron_right", "sample-next", "Next", lambda: after),
            ("casino", "sample-random", "Random", lambda: int(secrets.choice(rows.tolist()))),
        ):
            _step(icon, key, title, to)
        split = next(split for split in SPLITS if row in dataset.rows(split))
        origin = str(dataset.manifest()["origin"].iloc[row])
        where = f"{place + 1:,} of {len(rows):,} in train" if split == "train" else f"sample {row:,}, in {split}"
        st.caption(plain(f"{where} · {dataset.classes[labels[row]]} · {origin}"), width="stretch")
    return row


def _step(icon: str, key: str, title: str, to: Callable[[], int]) -> None:
    def go() -> None:
        st.query_params["row"] = str(to())

    st.button(title, icon=f":material/{icon}:", key=key, on_click=go)


def _of_class(rows: NDArray[np.int64], labels: NDArray[np.int64], chosen: int) -> NDArray[np.int64]:
    return rows if chosen == ALL else rows[labels[rows] == chosen]


def _asked(n: int) -> int | None:
    """The row that the URL names, if there is such a one."""
    text = st.query_params.get("row", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 and int(text) < n else None
