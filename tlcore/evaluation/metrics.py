"""The headline figures of a model on a split, each with how far chance may have moved it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tlcore.errors import TlcoreError
from tlcore.evaluation.predictions import Predictions
from tlcore.evaluation.significance import Interval, interval, resampled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ClassScore", "Figure", "class_scores", "confusion", "headlines", "worst"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A score with its interval."""

    name: str
    value: float
    """In [0, 1]."""
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScore:
    """One class against the rest; 0 where a figure would divide by nothing."""

    precision: float
    recall: float
    f1: float
    support: int
    """Samples that are of the class."""
    answered: int
    """Samples of which the model says so."""


def headlines(found: Predictions, *, seed: int = 0) -> tuple[Figure, ...]:
    """Accuracy, balanced accuracy (mean recall of the classes that are there) and macro-F1 (mean over all classes).

    Intervals hold 95 of 100 bootstrap resamples (Efron, 1979), drawn with `seed`.

    Raises:
        TlcoreError: there is no sample.
    """
    if not len(found.labels):
        raise TlcoreError("There is no sample to score; choose a split that has some.")
    drawn = resampled(found.labels, found.answers[None], found.logits.shape[1], seed=seed)
    scores = class_scores(found)
    there = [score.recall for score in scores if score.support]
    values = {
        "Accuracy": (float(found.right.mean()), drawn.accuracy),
        "Balanced accuracy": (float(np.mean(there)), drawn.balanced),
        "Macro-F1": (float(np.mean([score.f1 for score in scores])), drawn.macro_f1),
    }
    return tuple(Figure(name=name, value=value, interval=interval(some[0])) for name, (value, some) in values.items())


def confusion(found: Predictions) -> NDArray[np.int64]:
    """(C, C) counts: the true class in rows, the answer in columns."""
    n = found.logits.shape[1]
    return np.bincount(found.labels * n + found.answers, minlength=n * n).reshape(n, n)


def class_scores(found: Predictions) -> tuple[ClassScore, ...]:
    """Of every class, in the order of the classes."""
    matrix = confusion(found)
    hit, true, said = matrix.diagonal(), matrix.sum(1), matrix.sum(0)
    return tuple(
        ClassScore(
            precision=float(h / max(s, 1)),
            recall=float(h / max(t, 1)),
            f1=float(2 * h / max(t + s, 1)),
            support=int(t),
            answered=int(s),
        )
        for h, t, s in zip(hit, true, said, strict=True)
    )


def worst(found: Predictions) -> NDArray[np.int64]:
    """Places of the wrong answers, the most confident first."""
    wrong = np.flatnonzero(~found.right)
    order: NDArray[np.int64] = wrong[np.argsort(-found.confidence[wrong], kind="stable")]
    return order
