"""Labels that a backbone's features contradict: confident learning (Northcutt, Jiang and Chuang 2021), by cleanlab.

Every sample is judged by a logistic regression that was fitted without it. The folds run over all samples, test ones
among them, so what comes of it says nothing of a model and chooses none.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlcore.errors import DataError

__all__ = ["Suspect", "out_of_fold", "suspects"]

FOLDS = 5
COMPONENTS = 128
"""Of the features, that a regression is fitted on: more cost time and find nothing else."""
STRENGTH, ITERATIONS = 0.3, 300
"""Inverse of the L2 penalty on features of unit spread, and the most steps of the solver."""
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A sample that looks like another class."""

    row: int
    """Of the manifest."""
    given: int
    """Its label."""
    suggested: int
    """The label it looks like most."""
    confidence: float
    """Probability of the suggested label, in [0, 1], as a regression says that has not seen the sample."""
    doubt: float
    """1 minus the probability of the label it has, in [0, 1]: what the list is ordered by."""


def suspects(probabilities: Floats, labels: Ints) -> tuple[Suspect, ...]:
    """From out-of-fold probabilities (N, C) and labels (N,) to what is probably mislabelled, the clearest first."""
    from cleanlab.filter import find_label_issues

    found = find_label_issues(labels, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1)
    best = probabilities.argmax(1)
    return tuple(
        Suspect(
            row=int(row),
            given=int(labels[row]),
            suggested=int(best[row]),
            confidence=float(probabilities[row].max()),
            doubt=float(1 - probabilities[row, labels[row]]),
        )
        for row in found
        if best[row] != labels[row]
    )


def out_of_fold(
    features: Floats, labels: Ints, seed: int, tell: Callable[[float], None] = lambda share: None
) -> Floats:
    """Features (N, D) and labels (N,) -> probabilities (N, C), each row from a model that was fitted without it.

    Raises:
        DataError: a class has one sample only.
    """
    from sklearn.model_selection import StratifiedKFold

    smallest = int(np.bincount(labels).min())
    if smallest < 2:
        raise DataError("Each class needs at least two samples before labels can be doubted; one has fewer.")
    x, n_folds = _reduced(features, seed), min(FOLDS, smallest)
    probabilities = np.zeros((len(x), int(labels.max()) + 1), dtype=np.float32)
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(x, labels)
    for number, (rest, held) in enumerate(folds):
        tell(number / n_folds)
        probabilities[held] = _fitted(x[rest], labels[rest], x[held])
    tell(1.0)
    return probabilities


def _reduced(features: Floats, seed: int) -> Floats:
    """Features of unit spread, on their first principal components."""
    from sklearn.decomposition import PCA

    x = (features - features.mean(0)) / (features.std(0) + 1e-6)
    n = min(COMPONENTS, *x.shape)
    reduced: Floats = PCA(n, svd_solver="randomized", random_state=seed).fit_transform(x).astype(np.float32)
    scaled: Floats = reduced / (reduced.std() + 1e-6)
    return scaled


def _fitted(x: Floats, y: Ints, held: Floats) -> Floats:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the last digit of a doubt decides nothing
        model = LogisticRegression(C=STRENGTH, max_iter=ITERATIONS, tol=1e-3).fit(x, y)
    said: Floats = model.predict_proba(held)
    return said
