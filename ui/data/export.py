"""Taking the dataset along, divided as it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from tlcore.data import Dataset
from tlcore.home import home
from tlcore.runs import jobs
from ui.download import address
from ui.job import job
from ui.layout import card
from ui.words import size

__all__ = ["export"]

WHAT = {
    "image": "`train/<class>/<file>` and so on with the files as they were brought, `manifest.csv` and `dataset.json`. "
    "Brought here again, it makes the same samples in the same splits",
    "text": "`train.csv`, `val.csv` and `test.csv` with texts and labels, and `dataset.json`",
}


def export(dataset: Dataset) -> None:
    """Draw the view."""
    about = {"dataset": dataset.id}
    found = jobs.look(home(), "export", about)
    if found.status == "done" and not (home() / "exports" / str(found.result["file"])).is_file():
        jobs.forget(home(), "export", about)

    def show(done: Mapping[str, Any]) -> None:
        _download(dataset, done)

    with card("Export", key="export-card", icon=":material/archive:"):
        st.markdown(f"A zip with {WHAT[dataset.modality]}.")
        st.caption(
            "Cells that a spreadsheet would take for a formula (they begin with = + - @) have an apostrophe in front. "
            f"From the shell: `python -m tlcore data {dataset.id} --export OUT.zip`"
        )
        job(
            "export", about, key="export", action="Make the zip", icon=":material/folder_zip:",
            note="It is written on the server first, then handed out from there.", show=show,
        )  # fmt: skip


def _download(dataset: Dataset, done: Mapping[str, Any]) -> None:
    st.link_button(
        f"Download ({size(int(done['bytes']))})",
        f"{_base()}{address(dataset.id)}",
        type="primary",
        icon=":material/download:",
        key="download-export",
    )


def _base() -> str:
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""
