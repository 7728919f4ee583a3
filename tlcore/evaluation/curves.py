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

_COLUMNS = 50
"""Classes that are ranked at a time: 4 MB for 10,000 samples."""


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
    from sklearn.metrics import roc_auc_score, roc_curve

    if positive.all() or not positive.any():
        return None
    x, y, _ = roc_curve(positive, scores)
    return _curve(x, y, float(roc_auc_score(positive, scores)))


def precision_recall(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> Curve | None:
    """Of scores (N,); None where no sample is of the class."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    if not positive.any():
        return None
    precision, recall, _ = precision_recall_curve(positive, scores)
    return _curve(recall[::-1], precision[::-1], float(average_precision_score(positive, scores)))


def areas(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """The AUC (C,) of every class against the rest, of scores (N, C); NaN where it has no sample, or all.

    By ranks (Mann and Whitney, 1947), ties counted half, so that a thousand classes take about a second.
    """
    from scipy.stats import rankdata

    n, n_classes = scores.shape
    own = np.empty(n)
    for start in range(0, n_classes, _COLUMNS):
        inside = np.flatnonzero((labels >= start) & (labels < start + _COLUMNS))
        ranks = rankdata(scores[:, start : start + _COLUMNS], axis=0)
        own[inside] = ranks[inside, labels[inside] - start]
    positive = np.bincount(labels, minlength=n_classes).astype(np.float64)
    above = np.bincount(labels, weights=own, minlength=n_classes) - positive * (positive + 1) / 2
    pairs = positive * (n - positive)
    found = np.full(n_classes, np.nan)
    found[pairs > 0] = above[pairs > 0] / pairs[pairs > 0]
    return found


def _curve(x: NDArray[np.float64], y: NDArray[np.float64], area: float) -> Curve:
    places = np.unique(np.linspace(0, len(x) - 1, min(POINTS, len(x))).round().astype(np.int64))
    return Curve(x=x[places], y=y[places], area=area)
