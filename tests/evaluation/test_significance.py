"""Tests and intervals against textbook values and scipy's and scikit-learn's own."""

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap
from sklearn.metrics import f1_score

from tlcore.errors import TlcoreError
from tlcore.evaluation.significance import holm, interval, mcnemar, resampled


def pair(only_a, only_b, both=10, neither=5):
    a = [True] * both + [False] * neither + [True] * only_a + [False] * only_b
    b = [True] * both + [False] * neither + [False] * only_a + [True] * only_b
    return np.array(a), np.array(b)


def test_mcnemar_with_many_discordant_pairs_is_the_textbook_chi_square():
    found = mcnemar(*pair(121, 59))  # chi-square with Edwards' correction is 61^2 / 180 = 20.67
    assert (found.only_a, found.only_b, found.exact) == (121, 59, False)
    assert found.p == pytest.approx(5.45e-6, rel=0.01)


def test_mcnemar_with_few_is_the_binomial_test():
    found = mcnemar(*pair(7, 5))
    assert found.exact and found.p == pytest.approx(binomtest(7, 12).pvalue) == pytest.approx(0.7744, abs=1e-4)
    assert mcnemar(*pair(0, 0)).p == 1.0
    with pytest.raises(TlcoreError, match="there are 2 and 3"):
        mcnemar(np.ones(2, bool), np.ones(3, bool))


def test_holm_steps_down_and_never_falls():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.9, 0.8]) == (1.0, 1.0)


def test_intervals_are_those_of_drawing_samples_one_by_one():
    draw = np.random.default_rng(1)
    labels = draw.integers(0, 4, 400)
    answers = np.stack([np.where(draw.random(400) < share, labels, draw.integers(0, 4, 400)) for share in (0.8, 0.7)])
    found = resampled(labels, answers, 4)
    assert found.accuracy.shape == found.macro_f1.shape == (2, 2000)
    right = (answers == labels).astype(float)
    for got, data in (
        (interval(found.accuracy[0]), (right[0],)),
        (interval(found.accuracy[0] - found.accuracy[1]), (right[0] - right[1],)),
    ):
        theirs = bootstrap(data, np.mean, n_resamples=4000, method="percentile", rng=2).confidence_interval
        assert (got.low, got.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)
    f1 = f1_score(labels, answers[1], average="macro")
    assert interval(found.macro_f1[1]).low < f1 < interval(found.macro_f1[1]).high
    assert found.macro_f1[1].mean() == pytest.approx(f1, abs=0.005)


def test_the_same_seed_draws_the_same():
    labels, answers = np.array([0, 1, 1, 0, 1]), np.array([[0, 1, 0, 0, 1]])
    first, second, other = (resampled(labels, answers, 2, seed=seed).accuracy for seed in (3, 3, 4))
    assert np.array_equal(first, second) and not np.array_equal(first, other)


def test_a_model_s_figures_are_the_same_in_any_company():
    draw = np.random.default_rng(5)
    labels = draw.integers(3, size=60)
    answers = np.stack([np.where(draw.random(60) < right, labels, draw.integers(3, size=60)) for right in (0.9, 0.6)])
    both, alone = resampled(labels, answers, 3), resampled(labels, answers[:1], 3)
    for name in ("accuracy", "macro_f1", "balanced"):
        assert np.allclose(getattr(both, name)[0], getattr(alone, name)[0])
