"""TL Studio in a browser: its pages and what is on all of them. `server.py` serves it."""

from pathlib import Path

import streamlit as st

from ui import tab
from ui.address import in_one_step
from ui.guard import guard
from ui.notices import notices
from ui.start import start

ASSETS = Path(__file__).parent / "ui" / "assets"

st.set_page_config(page_icon=str(ASSETS / "icon.png"), layout="wide")
page = st.navigation(
    [
        st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
        st.Page("pages/data.py", title="Data", icon=":material/folder_open:"),
        st.Page("pages/models.py", title="Models", icon=":material/view_in_ar:"),
        st.Page("pages/strategy.py", title="Strategy", icon=":material/tune:"),
        st.Page("pages/train.py", title="Train", icon=":material/monitoring:"),
        st.Page("pages/compare.py", title="Compare", icon=":material/leaderboard:"),
        st.Page("pages/predict.py", title="Evaluate", icon=":material/fact_check:"),
        st.Page("pages/lora.py", title="LoRA", icon=":material/calculate:"),
    ],
    position="top",
)
tab.show(f"{page.title} · {tab.NAME}")
st.logo(str(ASSETS / "wordmark.png"), size="large")
with guard(), in_one_step():
    page.run()
    notices(page.title)
start()
