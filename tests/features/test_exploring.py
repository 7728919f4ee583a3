"""The map and the doubtful labels: what they find in features whose truth is known."""

import numpy as np
import pytest

from tlcore.errors import DataError
from tlcore.features.projection import drawn_rows, project
from tlcore.features.suspects import out_of_fold, suspects


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    held = load_digits()
    return held.data.astype(np.float32), held.target.astype(np.int64)


def test_planted_wrong_labels_are_found(digits: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = digits
    clean = suspects(out_of_fold(x, y, seed=0), y)
    assert len(clean) < 0.02 * len(y)
    random = np.random.default_rng(3)
    planted = random.choice(len(y), 20, replace=False)
    wrong = y.copy()
    wrong[planted] = (y[planted] + random.integers(1, 10, 20)) % 10
    found = suspects(out_of_fold(x, wrong, seed=0), wrong)
    hits = [one for one in found[:25] if one.row in set(planted)]
    assert len(hits) >= 15
    assert sum(one.suggested == y[one.row] for one in hits) >= 14
    assert [one.doubt for one in found] == sorted((one.doubt for one in found), reverse=True)
    assert all(one.given == wrong[one.row] != one.suggested for one in found)


def test_each_sample_is_judged_by_the_others_and_always_alike(digits: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = digits[0][:300], digits[1][:300]
    said = out_of_fold(x, y, seed=1)
    assert np.array_equal(said, out_of_fold(x, y, seed=1)) and np.allclose(said.sum(1), 1, atol=1e-4)
    random = np.random.default_rng(0)
    noise = random.normal(size=(300, 50)).astype(np.float32)
    assert (out_of_fold(noise, y, seed=1).argmax(1) == y).mean() < 0.3, "a fit on the sample itself would know it"
    with pytest.raises(DataError, match="at least two samples"):
        out_of_fold(x[:5], np.array([0, 0, 1, 1, 2]), seed=0)


def test_alike_samples_lie_together_and_the_map_is_always_the_same(digits: tuple[np.ndarray, np.ndarray]) -> None:
    from sklearn.neighbors import NearestNeighbors

    x, y = digits[0][:400], digits[1][:400]
    told: list[float] = []
    places = project(x, seed=0, tell=told.append)
    assert places.shape == (400, 2) and told == sorted(told) and told[-1] == 1
    nearest = NearestNeighbors(n_neighbors=2).fit(places).kneighbors(return_distance=False)[:, 0]
    assert (y[nearest] == y).mean() > 0.9
    assert np.array_equal(places, project(x, seed=0))


@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_a_few_samples_are_drawn_too(n: int) -> None:
    places = project(np.random.default_rng(0).normal(size=(n, 6)).astype(np.float32), seed=0)
    assert places.shape == (n, 2) and np.isfinite(places).all()


def test_of_many_samples_every_class_is_drawn_with_its_share() -> None:
    labels = np.repeat([0, 1, 2], [9_000, 900, 3])
    rows = drawn_rows(labels, seed=0, most=1_000)
    counts = np.bincount(labels[rows])
    assert counts.sum() == 1_000 and abs(counts[0] - 909) <= 2 and counts[2] >= 1
    assert (np.diff(rows) > 0).all() and np.array_equal(rows, drawn_rows(labels, seed=0, most=1_000))
    assert np.array_equal(drawn_rows(labels, seed=0, most=10_000), np.arange(9_903))
