"""What runs and options are called: runs of one backbone on one dataset begin with the same name."""

from __future__ import annotations

from tlcore.runs import Run
from tlcore.strategies import strategies
from ui.words import ago, visible

__all__ = ["option_title", "run_title", "strategy_title"]


OPTIONS = {
    "backbone": "Model",
    "rates": "Learning rates, times",
    "lr": "Learning rate",
    "head.width": "Head width",
    "rank": "LoRA rank",
}
"""Of a recipe's or a sweep's options those that their own names do not explain."""


def option_title(name: str) -> str:
    """An option as a heading, as plain text."""
    words = visible(name.replace("_", " ").replace(".", ", "))
    return OPTIONS.get(name, words[:1].upper() + words[1:])


def run_title(run: Run) -> str:
    """Name, strategy, age and id; as plain text."""
    return f"{visible(run.name)} · {strategy_title(run)} · {ago(run.created)} · {run.id}"


def strategy_title(run: Run) -> str:
    """As the form calls it; by its name where this release has no such strategy."""
    titles = {kind.name: kind.title for kind in strategies()}
    return titles.get(run.strategy, visible(run.strategy.replace("_", " ")))
