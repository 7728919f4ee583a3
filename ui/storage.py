"""What was computed once and is kept: how much there is, and a way to be rid of it."""

from __future__ import annotations

import streamlit as st

from tlcore.home import home
from tlcore.shelf import Shelf, shelf
from ui.words import ago, plain, size

__all__ = ["storage"]

TITLES = {
    "features": "Features of frozen backbones",
    "pixels": "Decoded images",
    "thumbnails": "Small copies of images",
}


def storage() -> None:
    """One line a shelf, each with its contents; nothing at all while there is nothing."""
    shelves = {name: shelf(home(), name) for name in ("features", "pixels", "thumbnails")}
    held = {name: one.items() for name, one in shelves.items()}
    total = sum(item.n_bytes for items in held.values() for item in items)
    if not total:
        return
    with st.expander(f"Kept to save time: {size(total)}", icon=":material/inventory_2:", key="storage"):
        st.caption(
            "Each sample passes a frozen backbone once. What came of it is kept here, so that the next run starts "
            "at once. The longest unused goes when there is no more room. Clearing costs nothing but time."
        )
        for name, one in shelves.items():
            line(name, one)


def line(name: str, one: Shelf) -> None:
    """How much a shelf holds of what it may, and the button that clears it."""
    items = one.items()
    with st.container(horizontal=True, vertical_alignment="center", key=f"shelf-{name}"):
        n_bytes = sum(item.n_bytes for item in items)
        last = f", last used {ago(max(item.used for item in items))}" if items else ""
        st.markdown(f"**{TITLES[name]}**", width="content")
        tables = "1 table" if len(items) == 1 else f"{len(items)} tables"
        st.caption(plain(f"{size(n_bytes)} of at most {size(one.limit)} in {tables}{last}"), width="content")
        st.space("stretch")
        if st.button("Clear", icon=":material/delete_sweep:", key=f"clear-{name}", disabled=not items):
            freed = one.evict(0)
            st.toast(f"{size(freed)} freed. What a run works with right now stays.", icon=":material/delete_sweep:")
            st.rerun()
