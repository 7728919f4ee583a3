"""Evaluate: what a model's scores on a split say, and which samples are behind them."""

from __future__ import annotations

import streamlit as st

from tlcore.runs import Run
from ui import state
from ui.predict.evaluate_calibration import calibration_card
from ui.predict.evaluate_confusion import confusion_card
from ui.predict.evaluate_curves import curves_card
from ui.predict.evaluate_errors import errors_card
from ui.predict.evaluate_scores import scores_card
from ui.predict.judged import TITLES, judged

__all__ = ["evaluate"]

HELP = (
    "Test is what no training and no choice has seen. Val picked the epoch (and perhaps more), so scores on it are too "
    "good; look at it while you still decide."
)


def evaluate(run: Run) -> None:
    """Draw the view."""
    split = state.segment("on", list(TITLES), TITLES.__getitem__, label="Split", help_text=HELP)
    if split == "val":
        st.warning(
            "Val picked this run's epoch, and may have picked more: these scores are too good. Report those on test.",
            icon=":material/visibility:",
        )
    given = judged(run, split)
    if given is None:
        return
    scores_card(given)
    confusion_card(given)
    errors_card(given)
    curves_card(given)
    calibration_card(given)
