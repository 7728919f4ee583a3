"""Sweep: many recipes trained within a budget."""

from __future__ import annotations

from ui.layout import empty

__all__ = ["sweep"]


def sweep() -> None:
    """Draw the view."""
    empty("There is no sweep yet.", page="strategy", action="Choose a strategy")
