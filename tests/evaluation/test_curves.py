"""Areas by their textbook meanings: pairs ranked rightly, and precision at each hit."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from tlcore.evaluation.curves import POINTS, areas, precision_recall, roc


def test_areas_are_what_they_mean():
    draw = np.random.default_rng(0)
    positive = draw.random(600) < 0.3
    scores = draw.normal(positive * 1.0, 1)
    pairs = (scores[positive][:, None] > scores[~positive][None]).mean()
    found = roc(scores, positive)
    assert found.area == pytest.approx(pairs) and len(found.x) <= POINTS
    assert (found.x[0], found.y[0], found.x[-1], found.y[-1]) == (0, 0, 1, 1)
    hits = positive[np.argsort(-scores)]
    precision = np.cumsum(hits) / np.arange(1, 601)
    assert precision_recall(scores, positive).area == pytest.approx(precision[hits].mean())


def test_curves_and_areas_are_scikit_learns_also_where_scores_are_tied():
    draw = np.random.default_rng(2)
    positive = draw.random(90) < 0.4
    scores = draw.integers(0, 12, 90) + 3.0 * positive
    x, y, _ = roc_curve(positive, scores)
    found = roc(scores, positive)
    assert np.allclose(found.x, x) and np.allclose(found.y, y)
    assert found.area == pytest.approx(roc_auc_score(positive, scores))
    precision, recall, _ = precision_recall_curve(positive, scores)
    found = precision_recall(scores, positive)
    theirs = set(zip(recall.round(9), precision.round(9), strict=True))
    assert set(zip(found.x.round(9), found.y.round(9), strict=True)) <= theirs
    assert set(found.x.round(9)) == set(recall.round(9)) and found.x[-1] == 1
    assert found.area == pytest.approx(average_precision_score(positive, scores))


def test_a_rare_class_keeps_the_shape_of_its_curve():
    positive = np.zeros(20_000, bool)
    positive[[0, 2, 4, 600, 19_000]] = True
    found = precision_recall(-np.arange(20_000.0), positive)
    at = {round(float(x), 6): float(y) for x, y in zip(found.x, found.y, strict=True)}
    lowest = [at[level] for level in (0.2, 0.4, 0.6)]
    assert lowest == [1 / 2, 2 / 4, 3 / 600] and len(found.x) <= 2 * positive.sum() + 1
    assert (found.x[-1], found.y[-1]) == (1, 5 / 19_001)


def test_a_class_without_samples_has_no_curve():
    scores, none = np.array([0.1, 0.9]), np.array([False, False])
    assert roc(scores, none) is None and roc(scores, ~none) is None and precision_recall(scores, none) is None


def test_areas_of_all_classes_are_those_of_each_curve_with_ties_and_gaps():
    draw = np.random.default_rng(1)
    labels = draw.choice([0, 1, 2, 4, 60], 300)
    scores = draw.integers(0, 6, (300, 61)) + 2.0 * np.eye(61)[labels]
    found = areas(scores, labels)
    assert np.isnan(found[3]) and np.isfinite(found).sum() == 5
    for one in (0, 1, 2, 4, 60):
        assert found[one] == pytest.approx(roc(scores[:, one], labels == one).area)
