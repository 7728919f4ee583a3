"""One sample, large, with what is known of it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from tlcore.data import Dataset
from ui import state
from ui.guard import guard
from ui.words import plain, visible

__all__ = ["facts", "open_sample"]

PIXELS = 720
"""Of the longer side that is sent, so that it is sharp on a dense screen."""
HIGH, WIDE = 340, 680
"""Pixels of the page that a picture takes at most: with its facts it fits a laptop's screen."""


def open_sample(dataset: Dataset, row: int) -> None:
    """Show a row over the page."""
    st.dialog("Sample", width="large")(_dialog)(dataset.id, row)


def _dialog(dataset_id: str, row: int) -> None:
    with guard():
        facts(state.dataset(dataset_id), row)


def facts(dataset: Dataset, row: int) -> None:
    """The sample, then its class, split, group, size and origin."""
    from tlcore.data.thumbnails import picture

    known = dataset.manifest().iloc[row]
    name, sample = dataset.classes[known["label"]], dataset.sample(row)
    lines = {"Class": name, "Split": known["split"], "Group": known["group"], "From": known["origin"]}
    if isinstance(sample, str):
        st.text(sample)
        _lines(lines)
        return
    lines["Pixels"] = f"{sample.width:,} × {sample.height:,}"
    with st.container(horizontal=True, gap="medium"):  # side by side where there is room
        st.image(
            picture(sample, PIXELS),
            width=_width(sample.width, sample.height),
            alt=f"{visible(name)}: {visible(known['origin'])}",
        )
        with st.container(width=260):
            _lines(lines)


def _lines(lines: Mapping[str, str]) -> None:
    for title, value in lines.items():
        if value:
            st.markdown(f"{title}: **{plain(value)}**")


def _width(width: int, height: int) -> int:
    """On the page, of a picture with these sides."""
    return max(1, round(min(WIDE, HIGH * width / height)))
