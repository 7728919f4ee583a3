"""Runs: trained models side by side."""

from __future__ import annotations

from ui.layout import empty

__all__ = ["runs"]


def runs() -> None:
    """Draw the view."""
    empty("There are no runs to compare yet.", page="strategy", action="Choose a strategy")
