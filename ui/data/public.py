"""Public datasets by name: what they are, their download with its progress, and the way to them once they are here."""

from __future__ import annotations

import streamlit as st

from tlcore.data import Dataset
from tlcore.data.hub import stored_hub
from tlcore.data.public import PUBLIC, PublicDataset
from tlcore.data.publishing import stored_public
from tlcore.home import home
from tlcore.runs import jobs
from ui import state
from ui.guard import guard
from ui.job import progress
from ui.words import plain

__all__ = ["public"]

HUB = "hub"
"""In place of a name: another one, of Hugging Face's hub."""
RECORDS = {one.name: one for one in PUBLIC}


def public() -> None:
    """A choice among the datasets that are known, and any of Hugging Face's by its name."""
    name = st.selectbox("Dataset", [*RECORDS, HUB], format_func=_line, key="public-name")
    if name == HUB:
        _from_hub()
        return
    st.caption(plain(RECORDS[name].note))
    _offer("public", name, stored_public(RECORDS[name], home()))


def _from_hub() -> None:
    name = st.text_input("Its name", key="hub-name", placeholder="owner/name, or owner/name:config").strip()
    st.caption(
        "Its Parquet files are read: images or texts, with a column of labels; its own splits are kept. "
        "No script of it is run."
    )
    if name:
        _offer("hub", name, stored_hub(name, home()))


def _offer(kind: str, name: str, here: Dataset | None) -> None:
    """How far the download is, or the button for it, or the way to the dataset."""
    about = {"name": name}
    now = jobs.look(home(), kind, about)
    if now.live:
        progress(kind, about, key="public")
        return
    if now.status == "done":
        jobs.forget(home(), kind, about)
        if here is not None:
            _open(here.id)
    if now.status == "failed":
        st.error(plain(now.words), icon=":material/error:")
    if here is not None:
        if st.button("Open it", icon=":material/arrow_forward:", key="open-public"):
            _open(here.id)
    elif st.button("Fetch this dataset", type="primary", icon=":material/cloud_download:", key="fetch-public"):
        with guard():
            jobs.again(home(), kind, about)
            st.rerun()


def _line(name: str) -> str:
    if name == HUB:
        return "Another one, of Hugging Face's hub"
    record: PublicDataset = RECORDS[name]
    size = f"{record.n_bytes / 1e6:,.0f} MB" if record.n_bytes else "size not stated"
    licence = record.licence or "licence on its homepage"
    return f"{record.title} · {record.n_samples:,} images in {record.n_classes} classes · {size} · {licence}"


def _open(dataset: str) -> None:
    state.remember("dataset", dataset)
    st.query_params["dataset"] = dataset
    st.query_params.pop("add", None)
    st.rerun()
