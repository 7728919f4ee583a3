"""The learning-rate range test: rates rise as they should, and the suggestion lies where the loss falls."""

import math

import pytest

from tests.training.tiny import feeds, model, recipe
from tlcore.errors import RunError
from tlcore.strategies import FeatureExtraction, strategy
from tlcore.training.cost import measure
from tlcore.training.range_test import RangePoint, range_test, suggest


def test_rates_rise_by_the_same_factor_each_step():
    points = list(range_test(model(), feeds(), recipe(), low=1e-5, high=1e-1, steps=41))
    assert [point.step for point in points] == list(range(1, 42))
    assert points[0].lr == pytest.approx(1e-5) and points[40].lr == pytest.approx(1e-1)
    assert points[20].lr == pytest.approx(1e-3)


def test_it_ends_where_the_loss_blows_up():
    points = list(range_test(model(), feeds(), recipe(strategy=FeatureExtraction()), low=1e-3, high=1e6, steps=200))
    assert len(points) < 200 and all(math.isfinite(point.loss) for point in points)


def test_the_suggestion_is_where_the_loss_falls_fastest():
    def loss(lr):  # flat, then a fall whose steepest point is at 1e-3, then up
        return 1 / (1 + (lr / 1e-3)) + 30 * lr

    rates = [10 ** (-6 + 5 * i / 99) for i in range(100)]
    points = [RangePoint(step=i, lr=lr, loss=loss(lr), smooth=loss(lr)) for i, lr in enumerate(rates)]
    found = suggest(points, recipe_lr=1e-4)
    assert 5e-4 < found.lr < 2e-3
    assert found.factor == pytest.approx(found.lr / 1e-4)
    assert found.lowest > found.lr


def test_too_few_points_suggest_nothing():
    with pytest.raises(RunError, match="blew up after 3 steps"):
        suggest([RangePoint(step=i, lr=1e-3, loss=1.0, smooth=1.0) for i in range(3)], 1e-3)


def test_cost_has_a_row_for_each_phase():
    made = recipe(strategy=strategy("progressive"), epochs=8)
    costs = measure(model(), feeds(), made)
    assert len(costs) == 3
    assert all(cost.step > 0 and cost.score > 0 and cost.memory > 0 for cost in costs)
    assert costs[0].seconds(10, 2) == pytest.approx(costs[0].once + 10 * costs[0].step + 2 * costs[0].score)
