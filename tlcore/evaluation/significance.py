"""Whether two models' scores on the same samples differ by more than chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tlcore.errors import TlcoreError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "EXACT_BELOW",
    "RESAMPLES",
    "ROUGH_BELOW",
    "Interval",
    "McNemar",
    "Resampled",
    "holm",
    "interval",
    "mcnemar",
    "resampled",
    "wilson",
]

EXACT_BELOW = 25
"""Discordant samples below which McNemar's test is the exact binomial one; from there on chi-square is close enough."""
RESAMPLES = 2_000
"""Of a bootstrap."""
ROUGH_BELOW = 20
"""Samples of a class below which its scores and curves are called rough: a share of 20 is known to some 20 points."""
_Z = 1.96
"""Standard deviations on each side that hold 95 % of a normal distribution."""
_CHUNK = 250
"""Resamples held at a time: 20 MB for 10,000 samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class McNemar:
    """Two models on the same samples, told apart by those that only one of them had right."""

    only_a: int
    only_b: int
    p: float
    """Two-sided, in [0, 1]: how likely so uneven a share is if both are equally good."""
    exact: bool
    """By the binomial distribution, not by chi-square with Edwards' continuity correction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Where a figure lies in 95 of 100 resamples."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resampled:
    """Scores of R models on B resamples of the same samples: column by column paired, so differences may be taken."""

    accuracy: NDArray[np.float64]
    """(R, B) in [0, 1]."""
    macro_f1: NDArray[np.float64]
    """(R, B) in [0, 1]; a class that is in no sample and no answer counts 0, as in a run's report."""
    balanced: NDArray[np.float64]
    """(R, B) in [0, 1]: balanced accuracy, the mean recall of the classes that the resample has."""


def mcnemar(right_a: NDArray[np.bool_], right_b: NDArray[np.bool_]) -> McNemar:
    """McNemar (1947) on (N,) booleans: exact below `EXACT_BELOW` discordant samples, else chi-square, corrected.

    Raises:
        TlcoreError: the two are not about the same number of samples.
    """
    from scipy.stats import binomtest, chi2

    if right_a.shape != right_b.shape:
        raise TlcoreError(f"McNemar's test pairs samples, but there are {len(right_a):,} and {len(right_b):,}.")
    b, c = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    if b + c < EXACT_BELOW:
        p = float(binomtest(b, b + c, 0.5).pvalue) if b + c else 1.0
        return McNemar(only_a=b, only_b=c, p=p, exact=True)
    statistic = max(0, abs(b - c) - 1) ** 2 / (b + c)
    return McNemar(only_a=b, only_b=c, p=float(chi2.sf(statistic, 1)), exact=False)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """p-values adjusted for their number by Holm's step-down method (1979), in the order given."""
    order, highest = np.argsort(p_values, kind="stable"), 0.0
    adjusted = [0.0] * len(p_values)
    for place, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[i]))
        adjusted[i] = highest
    return tuple(adjusted)


def resampled(
    labels: NDArray[np.int64], answers: NDArray[np.int64], n_classes: int, *, resamples: int = RESAMPLES, seed: int = 0
) -> Resampled:
    """Bootstrap (Efron, 1979): labels (N,) and answers (R, N) drawn together, with replacement.

    Which samples are drawn follows from their number and the seed: a model's figures are the same in any company.
    """
    kinds, kind = np.unique(np.vstack([labels, answers]), axis=1, return_inverse=True)
    draw, n, n_kinds = np.random.default_rng(seed), len(labels), kinds.shape[1]
    parts = []
    for start in range(0, resamples, _CHUNK):
        size = min(_CHUNK, resamples - start)
        places = kind.reshape(-1)[draw.integers(n, size=(size, n))] + n_kinds * np.arange(size)[:, None]
        drawn = np.bincount(places.reshape(-1), minlength=size * n_kinds).reshape(size, n_kinds)
        parts.append(_scores(drawn, kinds, n_classes))
    accuracy, f1, balanced = (np.concatenate(some, axis=1) for some in zip(*parts, strict=True))
    return Resampled(accuracy=accuracy, macro_f1=f1, balanced=balanced)


def interval(values: NDArray[np.float64], level: float = 0.95) -> Interval:
    """The percentile interval of resampled figures (B,)."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(low=float(low), high=float(high))


def wilson(share: float, n: int) -> tuple[float, float]:
    """95 % interval of a share that was counted on `n` samples: https://doi.org/10.1080/01621459.1927.10502953."""
    if n < 1:
        return 0.0, 1.0
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    reach = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return max(0.0, centre - reach), min(1.0, centre + reach)


def _scores(drawn: NDArray[np.int64], kinds: NDArray[np.int64], n_classes: int) -> tuple[NDArray[Any], ...]:
    """Accuracy, macro-F1 and balanced accuracy, (R, B) each, of how often (B, K) each kind (1 + R, K) was drawn."""
    times, labels = np.ascontiguousarray(drawn.T, np.float32), kinds[0]
    n, true = times.sum(0), _summed(times, labels, n_classes)
    there = np.maximum((true > 0).sum(0), 1)
    accuracy, f1, balanced = [], [], []
    for answers in kinds[1:]:
        right = answers == labels
        hit = _summed(times[right], labels[right], n_classes)
        accuracy.append(hit.sum(0) / n)
        f1.append((2 * hit / np.maximum(true + _summed(times, answers, n_classes), 1)).mean(0))
        balanced.append((hit / np.maximum(true, 1)).sum(0) / there)
    return tuple(np.asarray(found, np.float64) for found in (accuracy, f1, balanced))


def _summed(times: NDArray[np.float32], classes: NDArray[np.int64], n_classes: int) -> NDArray[np.float32]:
    """(C, B): the rows of times (K, B) added up by their class (K,)."""
    from scipy.sparse import csr_array

    ones = np.ones(len(classes), np.float32)
    summed: NDArray[np.float32] = (
        csr_array((ones, (classes, np.arange(len(classes)))), (n_classes, len(classes))) @ times
    )
    return summed
