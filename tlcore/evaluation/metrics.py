"""The headline figures of a model on a split, each with how far chance may have moved it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tlcore.errors import TlcoreError
from tlcore.evaluation.calibration import probabilities
from tlcore.evaluation.predictions import Predictions
from tlcore.evaluation.significance import RESAMPLES, Interval, interval, resampled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Change",
    "ClassScore",
    "Figure",
    "changes",
    "class_scores",
    "confusion",
    "headlines",
    "of_classes",
    "worst",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A score with its interval."""

    name: str
    value: float
    """In [0, 1]."""
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One figure on two sets of samples."""

    here: Figure
    own: Figure
    difference: Interval | None
    """Of `here` minus `own`; None where samples are in both, for then the two do not vary independently."""

    @property
    def value(self) -> float:
        """`here` minus `own`, in [-1, 1]."""
        return self.here.value - self.own.value


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


def headlines(found: Predictions, *, absent: bool = True, seed: int = 0) -> tuple[Figure, ...]:
    """Accuracy, balanced accuracy (mean recall of the classes that are there) and macro-F1.

    Intervals hold 95 of 100 bootstrap resamples (Efron, 1979), drawn with `seed`.

    Args:
        absent: Whether macro-F1 is the mean over all classes, with 0 for those of which there is no sample, or over
            those that are there.

    Raises:
        TlcoreError: there is no sample.
    """
    return tuple(
        Figure(name=name, value=value, interval=interval(drawn))
        for name, (value, drawn) in _drawn(found, absent, seed).items()
    )


def changes(
    here: Predictions, own: Predictions, *, absent: bool = True, shared: int = 0, seed: int = 0
) -> tuple[Change, ...]:
    """How the headline figures of one model differ between two sets of samples, as `headlines` has them.

    The two are resampled each for itself, which says how far chance moves a difference only of different samples.

    Args:
        absent: As in `headlines`.
        shared: Samples that are in both.

    Raises:
        TlcoreError: one of them has no sample.
    """
    one, other = _drawn(here, absent, seed), _drawn(own, absent, seed)
    shuffled = np.random.default_rng(seed + 1).permutation(RESAMPLES)
    return tuple(
        Change(
            here=Figure(name=name, value=value, interval=interval(drawn)),
            own=Figure(name=name, value=other[name][0], interval=interval(other[name][1])),
            difference=None if shared else interval(drawn - other[name][1][shuffled]),
        )
        for name, (value, drawn) in one.items()
    )


def of_classes(found: Predictions, classes: Sequence[int]) -> Predictions:
    """The answers to samples of these classes; they may still name any class."""
    keep = np.isin(found.labels, np.asarray(classes, np.int64))
    return replace(found, rows=found.rows[keep], logits=found.logits[keep], labels=found.labels[keep])


def _drawn(found: Predictions, absent: bool, seed: int) -> dict[str, tuple[float, NDArray[np.float64]]]:
    """Each headline figure's value, and its resamples (`RESAMPLES`,)."""
    if not len(found.labels):
        raise TlcoreError("There is no sample to score; choose a split that has some.")
    n_classes = found.logits.shape[1]
    drawn = resampled(found.labels, found.answers[None], n_classes, seed=seed)
    scores = class_scores(found)
    recalls = [score.recall for score in scores if score.support]
    share = 1.0 if absent else len(recalls) / n_classes
    return {
        "Accuracy": (float(found.right.mean()), drawn.accuracy[0]),
        "Balanced accuracy": (float(np.mean(recalls)), drawn.balanced[0]),
        "Macro-F1": (float(np.mean([score.f1 for score in scores])) / share, drawn.macro_f1[0] / share),
    }


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


def worst(found: Predictions, temperature: float) -> NDArray[np.int64]:
    """Places of the wrong answers, the most confident first; another temperature is another order.

    Raises:
        TlcoreError: the temperature is not a positive number.
    """
    wrong = np.flatnonzero(~found.right)
    sure = probabilities(found.logits[wrong], temperature).max(1)
    order: NDArray[np.int64] = wrong[np.argsort(-sure, kind="stable")]
    return order
