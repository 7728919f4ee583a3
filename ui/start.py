"""What the server does once, after its first page is drawn."""

import gc
from importlib import import_module
from threading import Timer

import streamlit as st

from ui import state

__all__ = ["start"]

WARM_AFTER = 1.0
"""Seconds. Warming takes the processor, which the browser needs for the first page."""
WARM = ("pandas", "plotly.graph_objects", "tlcore.data", "PIL.Image", "pyarrow")


def start() -> None:
    """Get workers and imports ready in the background; a second call does nothing."""
    _once()


@st.cache_resource(show_spinner=False)
def _once() -> bool:
    studio = state.studio()

    def warm() -> None:
        studio.warm()
        for module in WARM:
            import_module(module)
        # Streamlit collects in full after every run: 0.1 s over all these objects, nothing once they are frozen.
        gc.collect()
        gc.freeze()

    later = Timer(WARM_AFTER, warm)
    later.daemon = True
    later.start()
    return True
