"""What the preflight finds, each with its fix in a click."""

from __future__ import annotations

import streamlit as st

from tlcore.advisor import Finding, apply, preflight
from tlcore.data import Dataset
from tlcore.device import Machine, machine
from tlcore.training import Recipe
from ui.guard import guard
from ui.layout import card
from ui.recipe_file import load
from ui.words import plain

__all__ = ["checks"]

LOOKS = {
    "error": (st.error, ":material/error:"),
    "warning": (st.warning, ":material/warning:"),
    "info": (st.info, ":material/info:"),
}


def checks(recipe: Recipe, dataset: Dataset) -> bool:
    """Show the findings; returns whether the training may start."""
    found = preflight(recipe, dataset, _machine())
    with card("Checks", key="checks-card"):
        if not found:
            st.markdown(":green[:material/check_circle:] Nothing to object to in this recipe.")
        for finding in found:
            _finding(finding, recipe, dataset)
    return not any(finding.level == "error" for finding in found)


def _finding(finding: Finding, recipe: Recipe, dataset: Dataset) -> None:
    box, icon = LOOKS[finding.level]
    box(f"**{plain(finding.title)}.** {plain(finding.text)}", icon=icon)
    if finding.fix:
        st.button(
            finding.fix_title,
            icon=":material/build:",
            key=f"fix-{finding.code}",
            on_click=_fix,
            args=(finding, recipe, dataset),
        )


def _fix(finding: Finding, recipe: Recipe, dataset: Dataset) -> None:
    with guard():
        load(apply(recipe, finding.fix), dataset)


@st.cache_data(ttl=30, show_spinner=False)
def _machine() -> Machine:
    return machine()
