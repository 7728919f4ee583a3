"""Evaluate: what a model's scores on a split or on another dataset say, and which samples are behind them."""

from __future__ import annotations

from tlcore.runs import Run
from ui.predict.evaluate_calibration import calibration_card
from ui.predict.evaluate_change import change_card
from ui.predict.evaluate_confusion import confusion_card
from ui.predict.evaluate_curves import curves_card
from ui.predict.evaluate_data import data
from ui.predict.evaluate_errors import errors_card
from ui.predict.evaluate_scores import scores_card

__all__ = ["evaluate"]


def evaluate(run: Run) -> None:
    """Draw the view."""
    given = data(run)
    if given is None:
        return
    scores_card(given)
    change_card(given)
    confusion_card(given)
    errors_card(given)
    curves_card(given)
    calibration_card(given)
