"""ROC and precision-recall curves of each class against the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["POINTS", "Curve", "areas", "precision_recall", "roc"]

POINTS = 200
"""A curve is drawn with at most so many points; its area is that of all of them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """One class against the rest."""

    x: NDArray[np.float64]
    """(P,) false positive rate (ROC) or recall, in [0, 1]."""
    y: NDArray[np.float64]
    """(P,) true positive rate (ROC) or precision, in [0, 1]."""
    area: float
    """AUC (ROC), or average precision."""


def roc(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> Curve | None:
    """Of scores (N,); None where all samples are of the class, or none is."""
    if positive.all() or not positive.any():
        return None
    hits, misses = (np.concatenate([[0], counts]) for counts in _counts(scores, positive))
    bends = np.flatnonzero(np.diff(hits, 2) | np.diff(misses, 2)) + 1  # between them a curve is straight
    kept = np.concatenate([[0], bends, [len(hits) - 1]])
    x, y = misses[kept] / misses[-1], hits[kept] / hits[-1]
    return _curve(x, y, float(np.trapezoid(y, x)))


def precision_recall(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> Curve | None:
    """Of scores (N,); None where no sample is of the class. The area is the sum of (R_i - R_i-1) P_i, as it is."""
    if not positive.any():
        return None
    hits, misses = _counts(scores, positive)
    recall, precision = hits / hits[-1], hits / (hits + misses)
    area = float((np.diff(recall, prepend=0.0) * precision).sum())
    found = np.flatnonzero(np.diff(hits, prepend=0))  # where positives come; each is reached from the place before
    kept = np.unique(np.concatenate([np.maximum(found - 1, 0), found]))
    return _curve(np.concatenate([[0.0], recall[kept]]), np.concatenate([[1.0], precision[kept]]), area)


def _counts(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positive and other samples at or above each score that occurs, from the highest down."""
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))  # of those that are tied
    hits = np.cumsum(positive[order])[last].astype(np.int64)
    return hits, last + 1 - hits


def areas(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """The AUC (C,) of every class against the rest, of scores (N, C); NaN where it has no sample, or all.

    By ranks (Mann and Whitney, 1947), ties counted half, so that a thousand classes take no second.
    """
    n, n_classes = scores.shape
    own, order = np.empty(n), np.argsort(labels, kind="stable")
    ends = np.searchsorted(labels[order], np.arange(n_classes + 1))
    for one in range(n_classes):
        inside = order[ends[one] : ends[one + 1]]
        ascending, mine = np.sort(scores[:, one]), scores[inside, one]
        below, through = (np.searchsorted(ascending, mine, side=side) for side in ("left", "right"))
        own[inside] = (below + through + 1) / 2
    positive = np.bincount(labels, minlength=n_classes).astype(np.float64)
    above = np.bincount(labels, weights=own, minlength=n_classes) - positive * (positive + 1) / 2
    pairs = positive * (n - positive)
    found = np.full(n_classes, np.nan)
    found[pairs > 0] = above[pairs > 0] / pairs[pairs > 0]
    return found


def _curve(x: NDArray[np.float64], y: NDArray[np.float64], area: float) -> Curve:
    places = np.unique(np.linspace(0, len(x) - 1, min(POINTS, len(x))).round().astype(np.int64))
    return Curve(x=x[places], y=y[places], area=area)
