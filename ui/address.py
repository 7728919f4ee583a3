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
    """Put what a page chose by itself into the address once it is drawn."""
    st.session_state.setdefault(_FILLED, {})[key] = value


@contextmanager
def in_one_step() -> Iterator[None]:
    """Around a page: what it filled in is written at its end, unless it goes elsewhere."""
    st.session_state.pop(_FILLED, None)
    try:
        yield
    except RerunException:
        st.session_state.pop(_FILLED, None)
        raise
    finally:
        filled = st.session_state.pop(_FILLED, {})
        if any(st.query_params.get(key) != value for key, value in filled.items()):
            st.query_params.update(filled)
