"""The server: the app of `app.py`, and the downloads beside it. `streamlit run server.py`."""

from pathlib import Path

import streamlit as st

from ui.download import routes

app = st.App(Path(__file__).parent / "app.py", routes=routes())
