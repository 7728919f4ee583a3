"""A model's weights: where they are, and how to get them."""

from __future__ import annotations

import streamlit as st

from ui.layout import card
from ui.models import STATES, Entry
from ui.words import plain

__all__ = ["weights"]


def weights(entry: Entry) -> None:
    """Their state, and what can be done about it."""
    icon, colour = STATES[entry.weights.kind]
    with card("Weights", key="weights-card", icon=":material/download:"):
        st.badge(entry.weights.kind, icon=icon, color=colour)
        st.markdown(plain(entry.weights.detail))
