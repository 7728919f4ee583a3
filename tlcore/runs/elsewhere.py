"""A run judged by another dataset than its own: what the job is asked, and what it left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tlcore.evaluation.matching import Match, Part
from tlcore.evaluation.predictions import Predictions, kept
from tlcore.runs.liveness import run_folder
from tlcore.runs.records import Run

__all__ = ["answers_elsewhere", "name_of", "question"]


def question(run: Run, dataset: str, part: Part) -> dict[str, Any]:
    """What the job "elsewhere" is asked: to score the run's best epoch on a part of the dataset of this id."""
    return {"run": run.id, "epoch": run.best_epoch, "dataset": dataset, "part": part}


def name_of(dataset: str, part: Part) -> str:
    """What the answers are kept under. A dataset's id is a hash of its content and split, so each version has its own.

    The dataset may be deleted and come back: its id, and what was answered, are then the same.
    """
    return f"{dataset}-{part}"


def answers_elsewhere(home: Path, run: Run, dataset: str, match: Match) -> Predictions | None:
    """The kept answers of the run's present best epoch to all rows of a match; None where there are none that fit."""
    found = kept(run_folder(home, run.id), name_of(dataset, match.part))
    if found is None or (found.epoch, found.dataset) != (run.best_epoch or 0, dataset):
        return None
    fits = np.array_equal(found.rows, match.rows) and np.array_equal(found.labels, match.labels)
    return found if fits else None
