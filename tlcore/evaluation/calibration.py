"""Whether a model is as often right as it is confident, and a temperature that brings the two together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tlcore.errors import TlcoreError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BINS", "FEW_FITTED", "Calibration", "calibration", "chance_error", "fitted_temperature", "probabilities"]

BINS = 15
"""Of equal width over [0, 1], as in Guo et al. (2017)."""
FEW_FITTED = 200
"""Val samples below which a temperature is a rough guess."""
_DRAWS, _CHUNK = 500, 2**22
_LOG_RANGE = (-3.0, 3.0)
"""Where log T is looked for: T from 0.05 to 20."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """Confidence set against accuracy."""

    counts: NDArray[np.int64]
    """(`BINS`,) samples whose confidence lies in the bin."""
    confidence: NDArray[np.float64]
    """(`BINS`,) mean in [0, 1]; 0 in an empty bin."""
    accuracy: NDArray[np.float64]
    """(`BINS`,) in [0, 1]; 0 in an empty bin."""
    ece: float
    """Expected calibration error in [0, 1]: the gaps of the bins, weighted by their samples."""
    nll: float
    """Mean negative log-likelihood of the true class, in nats."""
    brier: float
    """Mean squared distance of the probabilities from the truth, summed over classes: in [0, 2] (Brier, 1950)."""


def probabilities(logits: NDArray[np.float32], temperature: float = 1.0) -> NDArray[np.float64]:
    """Softmax of logits (N, C) divided by a temperature; rows add up to 1.

    Raises:
        TlcoreError: the temperature is not a positive number.
    """
    if not (np.isfinite(temperature) and temperature > 0):
        raise TlcoreError(f"A temperature is a positive number, but this one is {temperature}.")
    scaled = logits.astype(np.float64) / temperature
    raised = np.exp(scaled - scaled.max(1, keepdims=True))
    shares: NDArray[np.float64] = raised / raised.sum(1, keepdims=True)
    return shares


def calibration(logits: NDArray[np.float32], labels: NDArray[np.int64], temperature: float = 1.0) -> Calibration:
    """Bins, ECE, NLL and Brier score of logits (N, C) for labels (N,).

    Raises:
        TlcoreError: there is no sample.
    """
    _refuse_none(labels)
    shares = probabilities(logits, temperature)
    confidence, right = shares.max(1), shares.argmax(1) == labels
    bins = _bins(confidence)
    counts = np.bincount(bins, minlength=BINS)
    sure, hit = (np.bincount(bins, weights=w, minlength=BINS) for w in (confidence, right.astype(np.float64)))
    return Calibration(
        counts=counts.astype(np.int64),
        confidence=sure / np.maximum(counts, 1),
        accuracy=hit / np.maximum(counts, 1),
        ece=float(np.abs(sure - hit).sum() / len(labels)),
        nll=_nll(logits, labels, temperature),
        brier=float(((shares**2).sum(1) - 2 * shares[np.arange(len(labels)), labels] + 1).mean()),
    )


def chance_error(logits: NDArray[np.float32], temperature: float = 1.0) -> tuple[float, float]:
    """The ECE that a perfectly calibrated model with these very confidences would show: its mean and 95th percentile.

    By consistency resampling (Broecker and Smith, 2007): answers are drawn right with the probability that the model
    gives them, 500 times, always the same ones. An ECE below the second number is no sign of miscalibration.

    Raises:
        TlcoreError: there is no sample.
    """
    _refuse_none(logits)
    confidence, draw = probabilities(logits, temperature).max(1), np.random.default_rng(0)
    inside = np.eye(BINS, dtype=np.float32)[_bins(confidence)]
    size = max(1, _CHUNK // len(confidence))
    found: list[NDArray[np.float64]] = []
    for start in range(0, _DRAWS, size):
        right = draw.random((min(size, _DRAWS - start), len(confidence)), dtype=np.float32) < confidence
        gaps = (right - confidence).astype(np.float32) @ inside
        found.append(np.abs(gaps).sum(1, dtype=np.float64) / len(confidence))
    errors = np.concatenate(found)
    return float(errors.mean()), float(np.quantile(errors, 0.95))


def _bins(confidence: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)


def fitted_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The T that minimises the NLL of logits / T (Guo et al., 2017); to be fitted on val, never on test.

    Every row's order stays as it is, so no answer and no accuracy changes.

    Raises:
        TlcoreError: there is no sample.
    """
    from scipy.optimize import minimize_scalar

    _refuse_none(labels)
    found = minimize_scalar(lambda log_t: _nll(logits, labels, np.exp(log_t)), bounds=_LOG_RANGE, method="bounded")
    return float(np.exp(found.x))


def _nll(logits: NDArray[np.float32], labels: NDArray[np.int64], temperature: float) -> float:
    scaled = logits.astype(np.float64) / temperature
    most = scaled.max(1)
    total = np.log(np.exp(scaled - most[:, None]).sum(1)) + most
    return float((total - scaled[np.arange(len(labels)), labels]).mean())


def _refuse_none(samples: NDArray[Any]) -> None:
    if not len(samples):
        raise TlcoreError("Calibration needs samples, but there is none; choose a split that has some.")
