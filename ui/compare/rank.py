"""Rank: every backbone scored on the user's data, before anything trains."""

from __future__ import annotations

from ui.layout import empty

__all__ = ["rank"]


def rank() -> None:
    """Draw the view."""
    empty("There is no dataset yet. Backbones are ranked on one.", page="data", action="Bring data")
