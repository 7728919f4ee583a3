"""What a run is called where one is chosen among many: runs of one backbone on one dataset begin with the same name."""

from __future__ import annotations

from tlcore.runs import Run
from tlcore.strategies import strategies
from ui.words import ago, visible

__all__ = ["run_title", "strategy_title"]


def run_title(run: Run) -> str:
    """Name, strategy, age and id; as plain text."""
    return f"{visible(run.name)} · {strategy_title(run)} · {ago(run.created)} · {run.id}"


def strategy_title(run: Run) -> str:
    """As the form calls it; by its name where this release has no such strategy."""
    titles = {kind.name: kind.title for kind in strategies()}
    return titles.get(run.strategy, visible(run.strategy.replace("_", " ")))
