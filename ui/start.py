"""What the server does once, after its first page is drawn."""

import gc
import threading

import streamlit as st

from ui import state
from ui.live_plot import place_plotly

__all__ = ["start"]


def start() -> None:
    """Place Plotly's script, get workers ready, and take what is loaded so far out of garbage collection."""
    _once()


@st.cache_resource(show_spinner=False)
def _once() -> bool:
    place_plotly()
    studio = state.studio()
    threading.Timer(WARM_AFTER, studio.warm).start()
    gc.collect()  # Streamlit collects in full after every run; with a hundred thousand old objects that takes 0.1 s
    gc.freeze()
    return True


WARM_AFTER = 1.0
"""Seconds. The nursery imports torch, which would fight the first page for the processor."""
