"""Features drawn on a plane: alike samples lie close together.

PCA, then t-SNE (van der Maaten and Hinton 2008) as openTSNE computes it (Poličar et al. 2019): begun from the first two
principal components, so that the same features and seed give the same map.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tlcore.data.splits import portions
from tlcore.seeds import seed_of

__all__ = ["METHOD", "MOST_POINTS", "drawn_rows", "project"]

METHOD = "t-SNE of 50 principal components"
MOST_POINTS = 10_000
"""More than that are neither told apart nor drawn in reasonable time."""
COMPONENTS, PERPLEXITY = 50, 30.0
FEWEST = 8
"""Samples below which there is nothing for t-SNE to weigh up, and PCA is drawn alone."""
EARLY, LATE, EVERY = 250, 500, 25
"""Iterations, and after how many of them progress is told."""
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


def drawn_rows(labels: Ints, seed: int, most: int = MOST_POINTS) -> Ints:
    """All rows, ascending, or `most` of them: every class with its share, and at least one sample if there is room."""
    if len(labels) <= most:
        return np.arange(len(labels), dtype=np.int64)
    classes, sizes = np.unique(labels, return_counts=True)
    random = np.random.default_rng(seed_of(seed, "map"))
    room = portions(most, sizes.tolist(), 0)
    chosen = [random.permutation(np.flatnonzero(labels == c))[:n] for c, n in zip(classes, room, strict=True)]
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def project(features: Floats, seed: int, tell: Callable[[float], None] = lambda share: None) -> Floats:
    """Features (N, D) -> places on the plane (N, 2); `tell` hears the share done, in [0, 1], and may end it."""
    from openTSNE import TSNE

    reduced = _principal(features, seed)
    if len(features) < FEWEST:
        return reduced[:, :2]
    done = 0

    def told(iteration: int, error: float, places: object) -> None:
        nonlocal done
        done += 1
        tell(min(1.0, done * EVERY / (EARLY + LATE)))

    layout = TSNE(
        perplexity=min(PERPLEXITY, (len(features) - 1) / 3),
        early_exaggeration_iter=EARLY,
        n_iter=LATE,
        initialization="pca",
        random_state=seed,
        n_jobs=os.cpu_count() or 1,
        callbacks=told,
        callbacks_every_iters=EVERY,
    ).fit(reduced)
    return np.asarray(layout, dtype=np.float32)


def _principal(features: Floats, seed: int) -> Floats:
    """The first components (N, at most 50), at least two of them."""
    from sklearn.decomposition import PCA

    centred = np.asarray(features, dtype=np.float32)
    n = min(COMPONENTS, *centred.shape)
    reduced: Floats = PCA(n, svd_solver="randomized", random_state=seed).fit_transform(centred)
    return np.pad(reduced, ((0, 0), (0, max(0, 2 - n)))).astype(np.float32)
