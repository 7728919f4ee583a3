"""What simple classifiers make of a frozen backbone's features: what training has to beat."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from tlcore.advisor.facts import Probe
from tlcore.data import Split
from tlcore.features.backends import Embed
from tlcore.features.feeds import Feed, Feeds
from tlcore.seeds import seed_of

__all__ = ["N_TRAIN", "N_VAL", "drawn", "judge", "probe", "read"]

N_TRAIN, N_VAL = 1_000, 500
"""The most samples that are looked at."""
NEIGHBOURS = 5
STRENGTH = 0.01
"""Inverse of the L2 penalty, on features of unit spread."""
ITERATIONS = 200
BATCH = 64
Numbers = NDArray[np.float32]
Labels = NDArray[np.int64]


def probe(data: Feeds, embed: Embed, *, seed: int = 0, tell: Callable[[int], None] = lambda done: None) -> Probe:
    """Embed up to `N_TRAIN` and `N_VAL` samples, drawn by the seed, and judge them; `tell` hears how many are done.

    The features are those that a head would train on, and stay in the store for it.
    """
    train, val = data.features("train", embed), data.features("val", embed)
    x, y = read(train, drawn(len(train), N_TRAIN, seed, "train"), tell)
    x_val, y_val = read(val, drawn(len(val), N_VAL, seed, "val"), lambda done: tell(len(y) + done))
    return judge(x, y, x_val, y_val)


def drawn(n: int, most: int, seed: int, split: Split) -> torch.Tensor:
    """Up to `most` of the positions 0 to n - 1, ascending, always the same for a seed."""
    order = np.random.default_rng(seed_of(seed, "probe", split)).permutation(n)[:most]
    return torch.from_numpy(np.sort(order))


def judge(x: Numbers, y: Labels, x_val: Numbers, y_val: Labels) -> Probe:
    """Features (N, D) with labels (N,), and those of val to be scored on."""
    from sklearn.neighbors import KNeighborsClassifier

    nearest = KNeighborsClassifier(n_neighbors=min(NEIGHBOURS, len(x)), metric="cosine").fit(x, y)
    return Probe(
        knn=float((nearest.predict(x_val) == y_val).mean()),
        linear=float((_linear(x, y, x_val) == y_val).mean()),
        chance=float(np.bincount(y_val).max() / len(y_val)),
        n_train=len(x),
        n_val=len(x_val),
    )


def _linear(x: Numbers, y: Labels, x_val: Numbers) -> Labels:
    """What logistic regression on features of unit spread predicts; with one class there is nothing to decide."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if len(set(y.tolist())) < 2:
        return np.full(len(x_val), y[0])
    mean, spread = x.mean(0), x.std(0) + 1e-6
    model = LogisticRegression(C=STRENGTH, max_iter=ITERATIONS, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the last digit of a probe decides nothing
        predicted: Labels = model.fit((x - mean) / spread, y).predict((x_val - mean) / spread)
    return predicted


def read(
    feed: Feed, positions: torch.Tensor | None = None, tell: Callable[[int], None] = lambda done: None
) -> tuple[Numbers, Labels]:
    """Features (N, D) and labels (N,) of these positions, all without; `tell` hears how many are there."""
    xs, ys = list[Numbers](), list[Labels]()
    for x, y in feed.batches(BATCH, positions):
        assert isinstance(x, torch.Tensor)
        xs.append(x.cpu().numpy())
        ys.append(y.numpy())
        tell(sum(map(len, ys)))
    return np.concatenate(xs), np.concatenate(ys)
