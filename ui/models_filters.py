"""Which models are shown. Every choice is a parameter of the URL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from ui.models import Entry

__all__ = ["Filters", "filters"]

MODALITIES = {"image": "Images", "text": "Texts"}
MILLIONS = (2, 5, 10, 25, 50, 100, 250, 0)
"""Choices of the most parameters; 0 is any number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a model must be to be shown."""

    modality: str
    families: tuple[str, ...] = ()
    """Any of these; empty for all."""
    states: tuple[str, ...] = ()
    """Of the weights, any of these; empty for all."""
    most: float = float("inf")
    """Parameters, without the classifier."""
    words: str = ""
    """Each must occur in the name, title, family or summary."""

    def keep(self, entry: Entry) -> bool:
        """Whether this model is shown."""
        record = entry.record
        text = " ".join((record.name, record.title, record.family, record.summary)).casefold()
        return (
            record.modality == self.modality
            and (not self.families or record.family in self.families)
            and (not self.states or entry.weights.kind in self.states)
            and record.n_params <= self.most
            and all(word in text for word in self.words.casefold().split())
        )


def filters(models: Sequence[Entry]) -> Filters:
    """The fields, in a row."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        modality = _modality()
        of_it = [entry for entry in models if entry.record.modality == modality]
        words = st.text_input(
            "Search", key="q", bind="query-params", icon=":material/search:", placeholder="resnet", width=190
        )
        families = st.multiselect(
            "Family",
            sorted({entry.record.family for entry in of_it}),
            key="family" if modality == "image" else "text_family",
            bind="query-params",
            placeholder="All",
            width=230,
        )
        states = st.multiselect(
            "Weights",
            sorted({entry.weights.kind for entry in models}),
            key="weights",
            bind="query-params",
            placeholder="All",
            width=190,
        )
        most = st.select_slider(
            "Parameters, at most (millions)",
            MILLIONS,
            value=0,
            format_func=lambda n: f"{n}" if n else "any",
            key="largest",
            bind="query-params",
            width=200,
        )
    return Filters(
        modality=modality,
        families=tuple(families),
        states=tuple(states),
        most=most * 1e6 if most else float("inf"),
        words=words,
    )


def _modality() -> str:
    chosen: str = st.segmented_control(
        "Reads",
        list(MODALITIES),
        format_func=MODALITIES.__getitem__,
        default="image",
        required=True,
        key="modality",
        bind="query-params",
    )
    return chosen
