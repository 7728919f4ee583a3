"""The address follows what a page shows: what a page fills in by itself is one step of the browser's history.

Streamlit makes a step of each write, so that Back would need as many presses as a page has choices.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.runtime.scriptrunner import RerunException

__all__ = ["fill", "in_one_step"]

_FILLED = "filled address"


def fill(key: str, value: str) -> None:
    """Put what a page chose by itself into the address: once the page is drawn, or now where only a part of it is."""
    filled = st.session_state.get(_FILLED)
    if filled is None:
        st.query_params[key] = value
    else:
        filled[key] = value


@contextmanager
def in_one_step() -> Iterator[None]:
    """Around a page: what it filled in is written at its end, unless it goes elsewhere."""
    st.session_state[_FILLED] = {}
    try:
        yield
    except RerunException:
        del st.session_state[_FILLED]
        raise
    finally:
        filled = st.session_state.pop(_FILLED, {})
        if any(st.query_params.get(key) != value for key, value in filled.items()):
            st.query_params.update(filled)
