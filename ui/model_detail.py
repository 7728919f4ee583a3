"""One model: its facts, and what can be done with it."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from tlcore.data import list_datasets
from tlcore.home import home
from tlcore.zoo import Backbone
from ui import model_state, state
from ui.guard import guard
from ui.inspection import inspection, preprocessing
from ui.models import STATES, Entry
from ui.speed import speed
from ui.weights import weights
from ui.words import plain, size

__all__ = ["detail", "use"]

NON_COMMERCIAL = "-NC-"
"""In a Creative Commons licence."""


def detail(entry: Entry, names: Collection[str]) -> None:
    """Everything about the chosen model."""
    record = entry.record
    with st.container(border=True, key="model-card"):
        _head(entry, names)
        st.markdown(plain(record.summary))
        _figures(record)
    left, right = st.columns([3, 2], gap="medium")
    with left, guard():
        inspection(record)
    with right, guard():
        weights(entry)
    with right, guard():
        speed(entry)
    with right:
        preprocessing(record)


def _head(entry: Entry, names: Collection[str]) -> None:
    """Title, state, and the two ways on."""
    record = entry.record
    icon, colour = STATES[entry.weights.kind]
    with st.container(horizontal=True, vertical_alignment="center", key="model-head"):
        st.subheader(plain(record.title), anchor=False, width="content")
        st.badge(f"weights {entry.weights.kind}", icon=icon, color=colour, help=plain(entry.weights.detail))
        st.badge(plain(record.family), color="gray")
        limited = NON_COMMERCIAL in record.licence
        licence = "Licence of the weights" + (": not for commercial use." if limited else ".")
        st.badge(plain(record.licence), color="orange" if limited else "gray", help=licence)
        st.space("stretch")
        if record.recipe:
            st.link_button("Recipe", record.recipe, icon=":material/open_in_new:", type="tertiary", key="recipe-link")
        _compare(record, names)
        if st.button("Use this model", type="primary", icon=":material/arrow_forward:", key="use-model"):
            use(record)


def _compare(record: Backbone, names: Collection[str]) -> None:
    """Adds the model to those compared, or takes it away; there is room for a few."""
    now = model_state.compared(names)
    if record.name in now:
        if st.button("Don't compare", icon=":material/remove:", key="uncompare"):
            model_state.compare([name for name in now if name != record.name])
            st.rerun()
    elif st.button("Compare", icon=":material/compare_arrows:", key="compare-model"):
        if len(now) >= model_state.MOST_COMPARED:
            st.toast(
                f"Up to {model_state.MOST_COMPARED} models are compared at a time: remove one of them first.",
                icon=":material/compare_arrows:",
            )
            return
        model_state.compare([*now, record.name])
        st.rerun()


def use(record: Backbone) -> None:
    """On to Strategy with this model, and with a dataset that it reads: the one looked at last, or the newest."""
    fitting = [dataset.id for dataset in list_datasets(home()) if dataset.modality == record.modality]
    params = {"backbone": record.name}
    if fitting:
        last = state.remembered("dataset")
        params["dataset"] = last if last in fitting else fitting[0]
    st.switch_page("pages/strategy.py", query_params=params)


def _figures(record: Backbone) -> None:
    """What is published of it, in numbers."""
    scores = {key: record.metrics.get(f"imagenet_{key}") for key in ("top1", "top5")}
    shown = {f"ImageNet {key.replace('top', 'top-')} (%)": f"{score:.1f}" for key, score in scores.items() if score}
    shown["Parameters"] = f"{record.n_params / 1e6:,.1f} M"
    if record.gflops is not None:
        shown["GFLOPs an image"] = f"{record.gflops:.2f}"
    if record.file_size:
        shown["File"] = size(record.file_size)
    side = record.input_size
    shown["Reads"] = f"{side} × {side} px" if side else f"{record.max_tokens:,} tokens"
    shown["Features"] = f"{record.n_features:,}"
    with st.container(horizontal=True, key="model-figures"):
        for name, value in shown.items():
            st.metric(name, value, help=_HELP.get(name))


_HELP = {
    "Parameters": "Without the classifier, which a new head replaces.",
    "GFLOPs an image": "10⁹ multiply-adds, as published.",
    "Features": "Width of what the head reads.",
}
