"""The worst errors: wrong, and sure of it."""

from __future__ import annotations

import streamlit as st

from tlcore.evaluation.metrics import worst
from ui.layout import card
from ui.predict.judged import Judged
from ui.predict.samples import samples

__all__ = ["errors_card"]


def errors_card(given: Judged) -> None:
    """Draw the card."""
    with card("Worst errors", key="errors-card"):
        places = _worst(given.key, given)
        if not places:
            st.success(f"All {len(given.found.labels):,} answers are right.", icon=":material/check_circle:")
            return
        st.caption(
            f"{len(places):,} of {len(given.found.labels):,} answers are wrong; the most confident come first. "
            "Look at the labels too: a confident error is often a wrong label. Below each, its true class."
        )
        samples(given, places, key="error-page")


@st.cache_data(show_spinner=False, max_entries=64)
def _worst(key: str, _given: Judged) -> list[int]:
    places: list[int] = worst(_given.found, _given.temperature).tolist()
    return places
