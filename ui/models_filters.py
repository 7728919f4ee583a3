"""Which models are shown. Every choice is a parameter of the URL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import streamlit as st

from ui import model_state
from ui.models import Entry

__all__ = ["Filters", "clear", "filters", "switch"]

MODALITIES = {"image": "Images", "text": "Texts"}
ANY = "any"
MILLIONS = ("2", "5", "10", "25", "50", "100", "250", ANY)
"""Choices of the most parameters."""


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
        words = _words()
        families = _several("Family", "family", {entry.record.family for entry in of_it}, width=230)
        states = _several("Weights", "weights", {entry.weights.kind for entry in models}, width=190)
        most = _most()
    return Filters(modality=modality, families=families, states=states, most=most, words=words)


def clear() -> None:
    """Show all models of the kind that is shown."""
    for key in ("q", "family", "weights", "largest"):
        model_state.unlink(key)


def switch(modality: str) -> None:
    """Search on among the models of the other kind."""
    model_state.unlink("family")
    model_state.write("modality", "" if modality == "image" else modality)


def _modality() -> str:
    follow = model_state.link("modality", "image", MODALITIES)
    chosen: str = st.segmented_control(
        "Reads",
        list(MODALITIES),
        format_func=MODALITIES.__getitem__,
        required=True,
        key="modality",
        on_change=follow,
    )
    return chosen


def _words() -> str:
    follow = model_state.link("q", "")
    return st.text_input(
        "Search", key="q", icon=":material/search:", placeholder="such as resnet", width=190, on_change=follow
    )


def _several(title: str, key: str, options: Collection[str], width: int) -> tuple[str, ...]:
    follow = model_state.link_many(key, options)
    chosen = st.multiselect(title, sorted(options), key=key, placeholder="All", width=width, on_change=follow)
    return tuple(chosen)


def _most() -> float:
    follow = model_state.link("largest", ANY, MILLIONS)
    title = "Parameters, at most (millions)"
    chosen: str = st.select_slider(title, MILLIONS, key="largest", width=200, on_change=follow)
    return float("inf") if chosen == ANY else 1e6 * float(chosen)
