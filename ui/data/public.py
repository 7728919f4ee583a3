"""Public datasets by name: what they are, their download with its progress, and the way to them once they are here."""

from __future__ import annotations

import streamlit as st

from tlcore.data.public import PUBLIC, PublicDataset
from tlcore.data.publishing import stored_public
from tlcore.home import home
from tlcore.runs import jobs
from ui import state
from ui.guard import guard
from ui.job import progress
from ui.words import plain

__all__ = ["public"]

RECORDS = {one.name: one for one in PUBLIC}


def public() -> None:
    """A choice among the datasets that are known, and a button."""
    name = st.selectbox("Dataset", list(RECORDS), format_func=lambda one: _line(RECORDS[one]), key="public-name")
    record, about = RECORDS[name], {"name": name}
    st.caption(plain(record.note))
    now = jobs.look(home(), "public", about)
    if now.live:
        progress("public", about, key="public")
        return
    here = stored_public(record, home())
    if now.status == "done":
        jobs.forget(home(), "public", about)
        if here is not None:
            _open(here.id)
    if now.status == "failed":
        st.error(plain(now.words), icon=":material/error:")
    if here is not None:
        if st.button("Open it", icon=":material/arrow_forward:", key="open-public"):
            _open(here.id)
    elif st.button("Fetch this dataset", type="primary", icon=":material/cloud_download:", key="fetch-public"):
        with guard():
            jobs.again(home(), "public", about)
            st.rerun()


def _line(record: PublicDataset) -> str:
    size = f"{record.n_bytes / 1e6:,.0f} MB" if record.n_bytes else "size not stated"
    licence = record.licence or "licence on its homepage"
    return f"{record.title} · {record.n_samples:,} images in {record.n_classes} classes · {size} · {licence}"


def _open(dataset: str) -> None:
    state.remember("dataset", dataset)
    st.query_params["dataset"] = dataset
    st.query_params.pop("add", None)
    st.rerun()
