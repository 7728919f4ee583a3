"""Neighbours by cosine, and a threshold that the validation split sets."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from tlcore.features.neighbours import Neighbourhood


def clouds(n, seed):
    """Features (3 n, 8) around three directions."""
    random = np.random.default_rng(seed)
    centres = np.eye(3, 8, dtype=np.float32).repeat(n, axis=0)
    return (centres + 0.1 * random.standard_normal((3 * n, 8))).astype(np.float32)


def test_neighbours_and_distances_are_those_of_scikit_learn():
    train, asked, rows = clouds(40, 0), clouds(3, 1), np.arange(120) * 7
    near = Neighbourhood(train, rows, clouds(20, 2))
    distances, places = NearestNeighbors(n_neighbors=10, metric="cosine").fit(train).kneighbors(asked)
    found = near.nearest(asked, 10)
    assert [[one.row for one in some] for some in found] == (places * 7).tolist()
    assert np.allclose([[1 - one.similarity for one in some] for some in found], distances, atol=1e-5)
    assert np.allclose(near.distances(asked), distances[:, -1], atol=1e-5)


def test_the_stated_share_of_what_is_alike_is_flagged_and_all_that_is_foreign():
    near = Neighbourhood(clouds(200, 0), np.arange(600), clouds(400, 1))
    fresh = near.distances(clouds(2000, 2)) > near.threshold
    assert 0.002 < fresh.mean() < 0.025, "about 1 %"
    foreign = np.random.default_rng(3).standard_normal((50, 8)).astype(np.float32)
    foreign[:, :3] = 0
    assert (near.distances(foreign) > near.threshold).all()


def test_few_samples_and_no_validation_split_break_nothing():
    near = Neighbourhood(clouds(1, 0), np.arange(3), np.empty((0, 8), np.float32))
    assert (near.k, near.n_val, near.threshold) == (3, 0, float("inf"))
    assert len(near.nearest(clouds(1, 1), 10)[0]) == 3
