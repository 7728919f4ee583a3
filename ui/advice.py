"""The advisor: what to train on this data, with the numbers it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from tlcore.advisor import apply
from tlcore.advisor.advice import Advice
from tlcore.data import Dataset
from tlcore.strategies import strategies
from tlcore.training import Recipe
from tlcore.zoo import Backbone
from ui.guard import guard
from ui.job import job
from ui.layout import card
from ui.recipe_file import load
from ui.words import percent, plain

__all__ = ["advice"]

TITLES = {kind.name: kind.title for kind in strategies()}


def advice(dataset: Dataset, record: Backbone) -> None:
    """Ask for it, see it come, use it."""

    def show(found: Mapping[str, Any]) -> None:
        _show(Advice.from_dict(found), dataset, record)

    with card("Which strategy?", key="advice-card", icon=":material/tips_and_updates:"):
        job(
            "advice",
            {"dataset": dataset.id, "backbone": record.name},
            key="advice",
            action="Measure my data",
            icon=":material/straighten:",
            note="Measures how far this data is from what the backbone was pretrained on, and what frozen features "
            "tell of its classes, then recommends. The features are kept for the run that follows.",
            show=show,
        )


def _show(found: Advice, dataset: Dataset, record: Backbone) -> None:
    facts = found.facts
    st.markdown(f"Begin with **{plain(TITLES.get(found.strategy, found.strategy))}**: {plain(found.reason)}")
    with st.container(horizontal=True, key="advice-numbers"):
        st.metric("Training samples", f"{facts.n_train:,}", border=True)
        if facts.gap is not None:
            near = "similar" if facts.similar else "different"
            st.metric(
                "Distance from pretraining",
                f"{facts.gap:.2f}",
                near,
                delta_color="off",
                delta_arrow="off",
                border=True,
                help=f"{facts.what[:1].upper()}{facts.what[1:]}; up to {facts.limit:g} counts as similar.",
            )
        st.metric(
            "Linear probe, val",
            percent(facts.probe.linear),
            border=True,
            help="Logistic regression on frozen features.",
        )
        st.metric(
            "Nearest neighbours, val",
            percent(facts.probe.knn),
            border=True,
            help="Five, by cosine, on frozen features.",
        )
    for warning in found.warnings:
        st.warning(plain(warning), icon=":material/warning:")
    st.button(
        "Use this strategy",
        icon=":material/check:",
        type="primary",
        key="use-advice",
        on_click=_use,
        args=(found, dataset, record),
    )
    others = " ".join(f"**{plain(TITLES.get(name, name))}:** {plain(why)}" for name, why in found.alternatives)
    if others:
        st.caption(f"Also worth a run. {others}")


def _use(found: Advice, dataset: Dataset, record: Backbone) -> None:
    with guard():
        load(apply(Recipe(dataset=dataset.id, backbone=record.name), found.changes), dataset)
