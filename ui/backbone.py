"""Choosing what to start from: usable models first, with what is known of the one chosen."""

from __future__ import annotations

import streamlit as st

from tlcore.zoo import Backbone, backbones
from ui import state
from ui.models import STATES, Entry, entries
from ui.weights import fetch
from ui.words import plain, visible

__all__ = ["choose_backbone", "pick_backbone"]


def pick_backbone(modality: str, *, label: str = "Backbone (pretrained model)") -> Entry:
    """A select box over the pretrained networks that read this kind of data."""
    fitting = {entry.record.name: entry for entry in entries() if entry.record.modality == modality}
    _other_kind(modality)

    def named(name: str) -> str:
        entry = fitting[name]
        size = f"{entry.record.n_params / 1e6:,.1f} M parameters"
        return f"{visible(entry.record.title)} · weights {entry.weights.kind} · {size}"

    return fitting[state.pick("backbone", list(fitting), named, label=label)]


def choose_backbone(modality: str) -> Backbone:
    """One of the pretrained networks that read this kind of data, with what is known of it."""
    chosen = pick_backbone(modality)
    st.markdown(plain(chosen.record.summary))
    _facts(chosen)
    if not chosen.here:
        st.warning(
            f"The weights of {plain(chosen.record.title)} are not on this server yet. Training never starts from "
            "random ones in their place.",
            icon=":material/cloud_download:",
        )
        fetch(chosen.record)
    n = sum(entry.record.modality == modality for entry in entries())
    with st.container(horizontal=True, key="backbone-links"):
        st.page_link(
            "pages/models.py",
            label=f"Compare all {n} models",
            icon=":material/view_in_ar:",
            query_params={"modality": modality, "model": chosen.record.name},
        )
        st.page_link(
            "pages/compare.py",
            label="Rank them on this data",
            icon=":material/leaderboard:",
            query_params={"view": "rank", "dataset": state.remembered("dataset") or ""},
        )
    return chosen.record


def _other_kind(modality: str) -> None:
    """A link may ask for a model that does not read this kind of data: say so, and show one that does."""
    asked = st.query_params.get("backbone")
    record = next((record for record in backbones() if record.name == asked), None)
    if record is not None and record.modality != modality:
        st.warning(
            f"{plain(record.title)} reads {record.modality}s, but this dataset holds {modality}s. Choose another "
            "dataset, or one of these models.",
            icon=":material/swap_horiz:",
        )
        del st.query_params["backbone"]


def _facts(entry: Entry) -> None:
    """State, size and origin, as badges."""
    record, (icon, colour) = entry.record, STATES[entry.weights.kind]
    side = record.input_size
    takes = f"{side} × {side} pixels" if side else f"up to {record.max_tokens} tokens"
    with st.container(horizontal=True, gap="small", key="backbone-facts"):
        st.badge(f"weights {entry.weights.kind}", icon=icon, color=colour, help=plain(entry.weights.detail))
        for fact in (record.family, f"{record.n_params / 1e6:.1f} M parameters", takes, record.licence):
            st.badge(plain(fact), color="gray")
        if top1 := record.metrics.get("imagenet_top1"):
            st.badge(f"ImageNet top-1 {top1:.1f} %", color="gray")
