"""Evaluate: what a model's scores on a split say, and which samples are behind them."""

from __future__ import annotations

from tlcore.runs import Run
from ui.results import results

__all__ = ["evaluate"]


def evaluate(run: Run) -> None:
    """Draw the view."""
    results(run)
