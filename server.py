"""The server: the app of `app.py`, and beside it downloads and what is new of live runs. `streamlit run server.py`."""

from pathlib import Path

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from ui import download, live, sockets

# `app.py` names its pages itself. Until it first runs, Streamlit would take the folder `pages` for pages of its own,
# and a link straight to one of them would show that page alone, without the app around it.
PagesManager.uses_pages_directory = False

app = st.App(
    Path(__file__).parent / "app.py",
    routes=[*download.routes(), *live.routes()],
    lifespan=sockets.lifespan,
)
