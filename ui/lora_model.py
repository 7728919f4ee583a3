"""Which model the calculator looks at: a preset, a backbone of the zoo, or a pasted config.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from tlcore.adapters.configuration import PASTED, keep, kept, parse
from tlcore.adapters.presets import preset, presets, title
from tlcore.adapters.shapes import Shapes
from tlcore.errors import TlcoreError
from tlcore.home import home
from tlcore.runs import jobs
from tlcore.zoo import Backbone, backbone, backbones
from ui import state
from ui.guard import guard, say
from ui.job import answer
from ui.words import plain

__all__ = ["choose_model", "in_zoo", "shapes"]


def choose_model() -> str:
    """The model of the URL, the last one looked at, or the first preset; below it the way to bring another."""
    zoo = {record.name: record for record in backbones(home=home())}
    names = [*presets(), *zoo, *_pasted()]

    def named(name: str) -> str:
        if name in zoo:
            return f"{zoo[name].title} · in the zoo"
        return title(name) if name in presets() else f"Your config.json ({name.removeprefix(PASTED)[:6]})"

    chosen = state.pick("model", names, named, label="Model")
    with st.popover("Paste a config.json", icon=":material/content_paste:", key="paste", width="stretch"):
        _paste()
    return chosen


def in_zoo(name: str) -> Backbone | None:
    """The backbone of that name, if it is one: only those train here."""
    return next((record for record in backbones(home=home()) if record.name == name), None)


def shapes(name: str) -> Shapes | None:
    """The model's matrices; None while they are read in the background, which the page then says.

    Raises:
        TlcoreError: they cannot be had.
    """
    if name in presets():
        return preset(name)
    about = _about(name)
    known = answer("shapes", about)
    if known:
        return Shapes.from_dict(known)
    _waiting(about)
    return None


def _about(name: str) -> dict[str, Any]:
    if name.startswith(PASTED):
        return {"config": kept(name, home()), "name": name}
    return {"backbone": backbone(name).name}


def _waiting(about: Mapping[str, Any]) -> None:
    now = jobs.look(home(), "shapes", about)
    if now.status != "failed":
        st.info("Reading the model's matrices, once. This takes a few seconds.", icon=":material/hourglass_empty:")
        return
    st.error(plain(now.words), icon=":material/error:")
    if st.button("Try again", icon=":material/refresh:", key="shapes-again"):
        jobs.ask(home(), "shapes", about)
        st.rerun()


def _pasted() -> list[str]:
    """The pasted config that the URL names, or else the last one looked at, if it was pasted here."""
    name = st.query_params.get("model") or state.remembered("model") or ""
    if not name.startswith(PASTED):
        return []
    try:
        kept(name, home())
    except TlcoreError as error:
        say(error)
        return []
    return [name]


def _paste() -> None:
    st.caption(
        "Of any architecture that transformers knows. Only its numbers are used; code that it points to is never run."
    )
    text = st.text_area("config.json", height=200, max_chars=100_000, key="config-text", placeholder="{ … }")
    if st.button("Read it", type="primary", icon=":material/check:", key="config-read"):
        with guard():
            name = keep(parse(text), home())
            state.choose("model", name)
            st.rerun()
