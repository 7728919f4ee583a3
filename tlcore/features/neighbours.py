"""Which training samples an input is like, and whether it is like any: by the features of a backbone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["PERCENTILE", "K", "Neighbour", "Neighbourhood"]

K = 10
"""The neighbour whose distance counts."""
PERCENTILE = 99.0
"""Of the validation samples' distances: what lies beyond it is unlike the training data."""
FAINT = 1e-12
CHUNK = 256
Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A training sample near an input."""

    row: int
    """Of the manifest."""
    similarity: float
    """Cosine of the features, in [-1, 1]."""


class Neighbourhood:
    """The train split's features, and how far from them samples of the same kind usually lie.

    The distance of an input is 1 - cosine to its k-th nearest training sample; it counts as unlike the training data
    beyond the stated percentile of the same distance of the validation samples (Sun et al. 2022, "Out-of-Distribution
    Detection with Deep Nearest Neighbors", https://arxiv.org/abs/2204.06507).

    Args:
        train: Features (N, D).
        rows: Rows of the manifest (N,).
        val: Features (M, D), which set the threshold; without any nothing is called unlike.
    """

    def __init__(self, train: Floats, rows: Rows, val: Floats, k: int = K, percentile: float = PERCENTILE) -> None:
        self._train, self._rows = _unit(train), rows
        self.k, self.percentile, self.n_val = min(k, len(rows)), percentile, len(val)
        distances = self.distances(val)
        self.threshold = float(np.percentile(distances, percentile, method="higher")) if len(val) else float("inf")

    def distances(self, features: Floats) -> Floats:
        """Distance (B,) of features (B, D) to their k-th nearest training sample, in [0, 2]."""
        found = [self._kth(_unit(features[start : start + CHUNK])) for start in range(0, len(features), CHUNK)]
        return np.concatenate(found) if found else np.empty(0, np.float32)

    def nearest(self, features: Floats, n: int) -> list[tuple[Neighbour, ...]]:
        """The `n` nearest training samples of each of the features (B, D), nearest first."""
        alike = _unit(features) @ self._train.T
        order = np.argsort(-alike, axis=1, kind="stable")[:, :n]
        return [self._named(alike[place], places) for place, places in enumerate(order)]

    def _named(self, alike: Floats, places: Sequence[int] | Rows) -> tuple[Neighbour, ...]:
        return tuple(Neighbour(row=int(self._rows[at]), similarity=float(alike[at])) for at in places)

    def _kth(self, unit: Floats) -> Floats:
        alike = unit @ self._train.T
        place = alike.shape[1] - self.k
        kth: Floats = (1 - np.partition(alike, place, axis=1)[:, place]).astype(np.float32)
        return kth


def _unit(features: Floats) -> Floats:
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    unit: Floats = (features / np.maximum(lengths, FAINT)).astype(np.float32)
    return unit
