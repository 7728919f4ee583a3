"""What the Models page shows: in the URL, so that a link reproduces it, and the little that is the session's own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import streamlit as st

from ui import state
from ui.words import plain, short

__all__ = [
    "MOST_COMPARED",
    "ask_for",
    "asked_for",
    "compare",
    "compared",
    "keep_weights",
    "kept_weights",
    "link",
    "link_many",
    "points",
    "rows",
    "select",
    "selected",
    "set_rows",
    "unlink",
    "write",
]

MOST_COMPARED = 4
"""Cards that fit side by side."""


def selected(names: Collection[str]) -> str | None:
    """The model of the URL, `?model=name`, or the one looked at last; None where there is none."""
    asked = st.query_params.get("model")
    if asked is not None and asked not in names:
        st.warning(
            f"There is no model {plain(short(asked))} here. Add it, or select another.", icon=":material/search_off:"
        )
        return None
    found = asked or state.remembered("model")
    if found not in names:
        return None
    if asked is None:
        select(found)
    return found


def select(name: str | None) -> None:
    """Show this model, also in the URL; None shows none."""
    if name is None:
        st.query_params.pop("model", None)
        state.forget("model")
    else:
        state.choose("model", name)


def compared(names: Collection[str]) -> tuple[str, ...]:
    """The models of `?compare=a,b`, those that are in `names`, at most `MOST_COMPARED`."""
    asked = dict.fromkeys(st.query_params.get("compare", "").split(","))
    return tuple(name for name in asked if name in names)[:MOST_COMPARED]


def compare(names: Sequence[str]) -> None:
    """Compare these, also in the URL."""
    write("compare", ",".join(names))


def ask_for(name: str) -> None:
    """Remember the model that is being added; an empty name forgets it."""
    st.session_state["asked for"] = name


def asked_for() -> str:
    """The name of the model that is being added, or nothing."""
    name: str = st.session_state.get("asked for", "")
    return name


def keep_weights(name: str, path: str) -> None:
    """Remember the file that was brought last for a model; an empty path forgets it."""
    st.session_state["brought weights"] = (name, path)
    st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1


def kept_weights(name: str) -> str:
    """The path that the file brought last for this model had, or nothing."""
    about, path = st.session_state.get("brought weights", ("", ""))
    return path if about == name else ""


def link(key: str, default: str, allowed: Collection[str] | None = None) -> Callable[[], None]:
    """Give the widget `key` the value of `?key=value` before it is drawn; the returned function follows its changes.

    The default is not written out; a value that is not allowed counts as the default.
    """
    asked = st.query_params.get(key, default)
    st.session_state[key] = asked if allowed is None or asked in allowed else default

    def follow() -> None:
        write(key, "" if st.session_state[key] == default else st.session_state[key])

    return follow


def link_many(key: str, allowed: Collection[str]) -> Callable[[], None]:
    """The same for a widget of several values, `?key=a,b`; none is the default."""
    asked = st.query_params.get(key, "").split(",")
    st.session_state[key] = [value for value in asked if value in allowed]
    return lambda: write(key, ",".join(st.session_state[key]))


def unlink(key: str) -> None:
    """Take a parameter out of the URL, so that its widget goes back to its default."""
    write(key, "")


def write(key: str, value: str) -> None:
    """Put a parameter into the URL, or take it out if it is empty."""
    if value:
        st.query_params[key] = value
    else:
        st.query_params.pop(key, None)


def rows(key: str) -> list[int]:
    """The rows selected in a table."""
    held = st.session_state.get(key) or {}
    return list(held.get("selection", {}).get("rows", []))


def set_rows(key: str, chosen: Sequence[int]) -> None:
    """Select these rows of a table before it is drawn."""
    if rows(key) != list(chosen):
        st.session_state[key] = {"selection": {"rows": list(chosen), "columns": [], "cells": []}}


def points(key: str) -> list[Mapping[str, object]]:
    """The points selected in a chart."""
    held = st.session_state.get(key) or {}
    return list(held.get("selection", {}).get("points", []))
