"""What frozen features promise for fine-tuning, from closed forms: no classifier is trained, no seed is involved.

Both scores compare backbones on the same samples; their size means nothing across datasets.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["h_score", "log_me"]

Features = NDArray[np.floating]
Labels = NDArray[np.int64]
Doubles = NDArray[np.float64]
ROUNDS, CLOSE = 100, 1e-4
"""Of the fixed point: at most so many, and none after the ratio of the precisions moved by less than this share."""
TINY = 1e-12


def log_me(x: Features, y: Labels) -> float:
    """Logarithm of maximum evidence, for each sample and class, of features (N, D) for labels (N,).

    Each class against the rest is regressed on the features by a Bayesian linear model, w ~ N(0, 1/alpha) and
    y | x, w ~ N(w x, 1/beta), whose alpha and beta are those that make the labels most likely. Higher is better.

    You et al. 2021, https://arxiv.org/abs/2102.11005, with the fixed point of their section 4.2.
    """
    f = np.asarray(x, dtype=np.float64)
    targets = np.stack([y == c for c in np.unique(y)], axis=1).astype(np.float64)  # (N, C)
    power, projected = _spectrum(f, targets)  # (K,), (K, C)
    rest = np.maximum((targets**2).sum(0) - projected.sum(0), 0.0)  # (C,) outside of the features' span
    evidences = [_evidence(power, projected[:, c], rest[c], len(f)) for c in range(targets.shape[1])]
    return float(np.mean(evidences)) / len(f)


def h_score(x: Features, y: Labels) -> float:
    """How far apart the classes' means are, measured by the spread of features (N, D); labels (N,). Higher is better.

    tr(S^-1 B) of the covariance S and that of the class means B: between 0 and the number of classes less 1. With the
    covariance shrunk as Ledoit and Wolf do, for with fewer samples than features the plain one cannot be inverted, and
    its pseudo-inverse makes any features look perfect.

    Bao et al. 2019, https://doi.org/10.1109/ICIP.2019.8803726; shrunk: Ibrahim et al. 2022,
    https://arxiv.org/abs/2110.06893, section 3.
    """
    from scipy.linalg import cho_factor, cho_solve
    from sklearn.covariance import ledoit_wolf

    f = np.asarray(x, dtype=np.float64)
    f = f - f.mean(0)
    if not f.any():
        return 0.0
    covariance, shrinkage = ledoit_wolf(f, assume_centered=True)
    means = np.stack([math.sqrt((y == c).mean()) * f[y == c].mean(0) for c in np.unique(y)])  # (C, D), B = means' means
    ridge = TINY * np.trace(covariance) * np.eye(len(covariance))  # for features that are constant
    solved = cho_solve(cho_factor(covariance + ridge), means.T)  # (D, C)
    return float((1 - shrinkage) * (means.T * solved).sum())


def _spectrum(f: Doubles, targets: Doubles) -> tuple[Doubles, Doubles]:
    """Squared singular values (K,) of features (N, D), and how much of each target (N, C) lies along them, squared.

    By way of the smaller Gram matrix: a singular value decomposition takes ten times as long.
    """
    wide = f.shape[0] <= f.shape[1]
    power, vectors = np.linalg.eigh(f @ f.T if wide else f.T @ f)
    kept = power > max(power[-1], TINY) * TINY * max(f.shape)
    power, vectors = power[kept], vectors[:, kept]
    along = vectors.T @ targets if wide else (vectors.T @ (f.T @ targets)) / np.sqrt(power)[:, None]
    return power, along**2


def _evidence(power: Doubles, along: Doubles, rest: float, n: int) -> float:
    """The highest log evidence of one target: MacKay's fixed point for the precisions alpha and beta."""
    alpha = beta = 1.0
    for _ in range(ROUNDS):
        ratio = alpha / beta
        gamma = (power / (power + ratio)).sum()
        weights, misfit = _energies(power, along, rest, ratio)
        alpha, beta = max(gamma / (weights + TINY), TINY), (n - gamma) / (misfit + TINY)
        if abs(alpha / beta - ratio) <= CLOSE * ratio:
            break
    weights, misfit = _energies(power, along, rest, alpha / beta)
    logs = len(power) * math.log(alpha) + n * math.log(beta / (2 * math.pi)) - np.log(alpha + beta * power).sum()
    return float(logs - beta * misfit - alpha * weights) / 2


def _energies(power: Doubles, along: Doubles, rest: float, ratio: float) -> tuple[float, float]:
    """Squared length of the mean weights, and the squared error that they leave."""
    weights = (power * along / (power + ratio) ** 2).sum()
    return float(weights), float((along * (ratio / (power + ratio)) ** 2).sum() + rest)
