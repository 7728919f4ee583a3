"""What a run answered, where that is still true of it."""

from __future__ import annotations

from pathlib import Path

from tlcore.evaluation.predictions import Predictions, kept
from tlcore.runs.liveness import run_folder
from tlcore.runs.records import Run

__all__ = ["answers_of"]


def answers_of(home: Path, run: Run, split: str = "test") -> Predictions | None:
    """The kept answers of the run's present best epoch on its present dataset; None without."""
    got = kept(run_folder(home, run.id), split)
    return got if got is not None and got.dataset == run.dataset and got.epoch == (run.best_epoch or 0) else None
