"""The frame every page hangs in."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui import state
from ui.person import admitted, keep_name, picker

__all__ = ["card", "drawer", "empty", "header"]


def header(title: str) -> DeltaGenerator:
    """The page's title; the returned place on its right is for the main action.

    Nothing is drawn for somebody who may not come in. This is the place for it: the first request after the server's
    start may run a page without app.py around it.
    """
    if not admitted():
        st.stop()
    row = st.container(horizontal=True, vertical_alignment="center", key="page-header")
    row.title(title, anchor=False)
    row.space("stretch")
    action = row.container(horizontal=True, vertical_alignment="center", width="content", key="page-action")
    with row:
        picker()
    keep_name()
    return action


def card(title: str, *, key: str, icon: str = "", stretch: bool = False) -> DeltaGenerator:
    """A bordered box with a heading. `title` and `icon` are ours, never a user's text."""
    box = st.container(border=True, key=key, height="stretch" if stretch else "content")
    box.subheader(f"{icon} {title}".strip(), anchor=False)
    return box


def drawer(title: str, *, key: str, icon: str, opened: bool = False) -> DeltaGenerator | None:
    """A box to be filled only while it is open, which the URL says; None while it is shut.

    What an expander holds costs the browser as much shut as open.
    """
    box = st.expander(title, icon=icon, **state.linked(key, opened))
    return box if box.open else None


def empty(text: str, *, page: str, action: str) -> None:
    """What an empty page says: why, and the way on."""
    with st.container(border=True, horizontal_alignment="center", key=f"empty-{page}"):
        st.space("small")
        st.markdown(text, width="content", text_alignment="center")
        if st.button(action, type="primary", icon=":material/arrow_forward:", key=f"go-{page}"):
            st.switch_page(f"pages/{page}.py")
        st.space("small")
