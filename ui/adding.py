"""Adding a model by its name: any architecture of timm, any encoder at Hugging Face."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from tlcore.home import home
from tlcore.runs import jobs
from ui import model_state
from ui.guard import guard
from ui.job import progress
from ui.words import plain

__all__ = ["adding", "asked"]


def adding(place: DeltaGenerator) -> None:
    """The button in the page's header, and behind it the field."""
    key = "add-popover-busy" if model_state.asked_for() else "add-popover"  # another key closes it
    with (
        place.popover("Add a model", icon=":material/add:", key=key),
        st.form("add-form", border=False, clear_on_submit=True),
    ):
        name = st.text_input(
            "Name",
            key="add-name",
            placeholder="convnext_small.fb_in22k",
            help="An architecture of timm, or owner/name of an encoder at Hugging Face.",
        ).strip()
        st.caption("timm's architectures need no network; an id at Hugging Face is looked up there once.")
        if st.form_submit_button("Add", type="primary", icon=":material/add:", key="add-model") and name:
            with guard():
                jobs.again(home(), "named", {"name": name})
                model_state.ask_for(name)
                st.rerun()


def asked() -> None:
    """What became of the name asked for last; a model that was found is selected."""
    name = model_state.asked_for()
    if not name:
        return
    about = {"name": name}
    now = jobs.look(home(), "named", about)
    if now.status == "failed":
        st.error(plain(now.words), icon=":material/error:")
        st.button("Dismiss", icon=":material/close:", key="dismiss-add", on_click=model_state.ask_for, args=("",))
    elif now.status == "done":
        _found(now.result)
    elif now.live:
        st.markdown(f"Adding **{plain(name)}**")
        progress("named", about, key="add")
    else:
        model_state.ask_for("")


def _found(result: Mapping[str, Any]) -> None:
    model_state.ask_for("")
    model_state.select(result["backbone"])
    st.rerun()
