"""The only Streamlit code that pages share. It reads the engine and draws; it computes nothing."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

if PagesManager.uses_pages_directory:
    # Until `st.navigation` has been called once, Streamlit takes a folder called `pages` for its older kind of app and
    # runs the page of a deep link without app.py: a tab that reconnects after a restart would lose its frame.
    PagesManager.uses_pages_directory = False
    st.rerun()
