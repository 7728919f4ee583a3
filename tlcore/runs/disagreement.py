"""The test samples on which runs do not answer alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from tlcore.runs.comparison import Comparison

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["KINDS", "Kind", "disagreements", "mistakes", "telling"]

Kind = Literal["a", "b", "neither"]
KINDS: Mapping[Kind, str] = {"a": "Only A right", "b": "Only B right", "neither": "Both wrong, differently"}


def disagreements(found: Comparison, a: str, b: str) -> dict[Kind, NDArray[np.int64]]:
    """Places in `found.rows` where two of its runs answer differently, by who is right.

    The ones whose wrong answer was given with the most confidence come first.
    """
    i, j = found.runs.index(a), found.runs.index(b)
    one, other = found.answers[i], found.answers[j]
    right_a, right_b = one == found.labels, other == found.labels
    kinds: dict[Kind, NDArray[np.bool_]] = {
        "a": right_a & ~right_b,
        "b": right_b & ~right_a,
        "neither": ~right_a & ~right_b & (one != other),
    }
    sure: dict[Kind, NDArray[np.float64]] = {
        "a": found.confidence[j],
        "b": found.confidence[i],
        "neither": np.maximum(found.confidence[i], found.confidence[j]),
    }
    return {kind: _by(sure[kind], np.flatnonzero(mask)) for kind, mask in kinds.items()}


def telling(found: Comparison) -> NDArray[np.int64]:
    """Places on which not all runs answer alike, the most confident mistakes first."""
    wrong = found.answers != found.labels
    sure = np.where(wrong, found.confidence, 0).max(0)
    return _by(sure, np.flatnonzero((found.answers != found.answers[0]).any(0)))


def mistakes(found: Comparison, run: str) -> NDArray[np.int64]:
    """Places that a run had wrong, the most confident first."""
    i = found.runs.index(run)
    return _by(found.confidence[i], np.flatnonzero(found.answers[i] != found.labels))


def _by(sure: NDArray[np.float64], places: NDArray[np.intp]) -> NDArray[np.int64]:
    ordered: NDArray[np.int64] = places[np.argsort(-sure[places], kind="stable")].astype(np.int64)
    return ordered
