"""Calibration against sums written out, and a temperature that is found again."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from tlcore.errors import TlcoreError
from tlcore.evaluation.calibration import BINS, calibration, chance_error, fitted_temperature, probabilities


def drawn(n=20_000, classes=5, seed=0):
    draw = np.random.default_rng(seed)
    logits = draw.normal(0, 2, (n, classes)).astype(np.float32)
    shares = probabilities(logits)
    labels = (shares.cumsum(1) < draw.random((n, 1))).sum(1).clip(0, classes - 1)
    return logits, labels


def test_the_figures_are_those_of_the_definitions():
    logits, labels = drawn(500)
    found, shares = calibration(logits, labels), probabilities(logits)
    gaps = 0.0
    for k in range(BINS):
        inside = (shares.max(1) > k / BINS) & (shares.max(1) <= (k + 1) / BINS)
        if inside.any():
            gaps += inside.sum() * abs(shares.max(1)[inside].mean() - (shares.argmax(1) == labels)[inside].mean())
    assert found.ece == pytest.approx(gaps / 500)
    assert found.nll == pytest.approx(log_loss(labels, shares, labels=range(5)))
    assert found.brier == pytest.approx(((shares - np.eye(5)[labels]) ** 2).sum() / 500)
    assert found.counts.sum() == 500


def test_a_temperature_is_found_again_and_changes_no_answer():
    logits, labels = drawn()
    hot = logits * 3
    temperature = fitted_temperature(hot, labels)
    assert temperature == pytest.approx(3, rel=0.05)
    assert calibration(hot, labels, temperature).ece < 0.02 < calibration(hot, labels).ece
    assert np.array_equal(probabilities(hot, temperature).argmax(1), hot.argmax(1))


def test_chance_makes_the_error_of_a_calibrated_model_and_not_that_of_a_sure_one():
    errors = [calibration(*drawn(60, seed=seed)).ece for seed in range(1000, 1040)]
    means, highs = zip(*(chance_error(drawn(60, seed=seed)[0]) for seed in range(1000, 1040)), strict=True)
    assert np.mean(errors) == pytest.approx(np.mean(means), rel=0.15) and np.mean(errors) > 0.05
    assert sum(error > high for error, high in zip(errors, highs, strict=True)) <= 6
    logits, labels = drawn(60)
    assert calibration(4 * logits, labels).ece > chance_error(4 * logits)[1]
    assert max(chance_error(drawn()[0])) < 0.02, "of many answers, little is chance"


def test_what_cannot_be_is_refused():
    with pytest.raises(TlcoreError, match=r"positive number, but this one is 0"):
        probabilities(np.zeros((1, 2), np.float32), 0)
    with pytest.raises(TlcoreError, match="there is none"):
        calibration(np.zeros((0, 2), np.float32), np.zeros(0, np.int64))
