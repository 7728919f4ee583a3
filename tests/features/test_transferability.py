"""LogME and H-score against direct computations of what their papers define, and on features of known worth."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from tlcore.features.transferability import h_score, log_me


def clouds(n, d, apart, seed=0, classes=3):
    """Gaussian clouds: features (n, d) and labels (n,)."""
    draw = np.random.default_rng(seed)
    y = np.arange(n) % classes
    centres = np.random.default_rng(99).normal(size=(classes, d)) * apart
    return (centres[y] + draw.normal(size=(n, d))).astype(np.float32), y


def most_evidence(x, y):
    """The definition: labels of a class are N(0, 1/beta + x x' / alpha), at the best alpha and beta there are."""
    x = x.astype(np.float64)
    found = []
    for c in np.unique(y):
        target = (y == c).astype(np.float64)

        def negative(logs, target=target):
            alpha, beta = np.exp(logs)
            covariance = np.eye(len(x)) / beta + x @ x.T / alpha
            return -multivariate_normal.logpdf(target, np.zeros(len(x)), covariance) / len(x)

        starts = [(0.0, 0.0), (4.0, 2.0)]
        found.append(-min(minimize(negative, s, method="Nelder-Mead", tol=1e-9).fun for s in starts))
    return np.mean(found)


@pytest.mark.parametrize(("n", "d"), [(60, 5), (24, 40)], ids=["more samples", "more features"])
@pytest.mark.parametrize("apart", [0.3, 1.0])
def test_log_me_is_the_highest_evidence_there_is(n, d, apart):
    x, y = clouds(n, d, apart)
    assert log_me(x, y) == pytest.approx(most_evidence(x, y), abs=2e-4)


def test_log_me_takes_features_of_any_scale_and_of_less_rank_than_their_width():
    x, y = clouds(90, 6, 1.0)
    assert log_me(50 * x, y) == pytest.approx(log_me(x, y), abs=1e-4), "the prior follows the scale"
    assert log_me(np.hstack([x, x]), y) == pytest.approx(log_me(x, y), abs=2e-3), "a copy adds nothing"
    assert np.isfinite(log_me(np.zeros((12, 4), dtype=np.float32), y[:12]))


def test_h_score_of_many_samples_is_the_trace_of_its_definition():
    x, y = clouds(6000, 4, 1.0)
    f = x.astype(np.float64) - x.mean(0)
    means = np.stack([f[y == c].mean(0) for c in range(3)])[y]
    direct = np.trace(np.linalg.inv(np.cov(f.T, bias=True)) @ np.cov(means.T, bias=True))
    assert h_score(x, y) == pytest.approx(direct, rel=0.01)
    assert 0 < direct < 2


def test_h_score_is_not_fooled_by_more_features_than_samples():
    noise, y = clouds(60, 200, 0.0)
    telling, _ = clouds(60, 200, 0.5)
    assert h_score(noise, y) < 0.5 < 1.5 < h_score(telling, y) < 2, "a pseudo-inverse would give 2 to both"
    assert h_score(np.ones((12, 3), dtype=np.float32), y[:12]) == 0.0


def test_both_rank_features_by_how_much_they_tell():
    scores = [(log_me(*clouds(120, 16, apart)), h_score(*clouds(120, 16, apart))) for apart in (0.0, 0.2, 0.5, 1.0)]
    for each in zip(*scores, strict=True):
        assert list(each) == sorted(each)
