"""A report of runs as a file for the team, made when somebody asks for it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tlcore.home import home
from ui.person import me

__all__ = ["report_button"]


def report_button(run_ids: Sequence[str]) -> None:
    """Draw the button; the file is made by a thread beside the page once it is pressed."""
    from tlcore.reporting import document, file_name

    folder, ids, author = home(), tuple(run_ids), me()
    st.download_button(
        "Report for the team",
        lambda: document(folder, ids, author=author),
        file_name(ids),
        "text/html",
        key="report",
        icon=":material/description:",
        on_click="ignore",
        help="One HTML file of about 5 MB with charts, figures and some samples inside. It opens without a network.",
    )
