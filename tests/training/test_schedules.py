"""Schedules at the steps where their formulas are known."""

import pytest

from tlcore.training import Schedule


@pytest.mark.parametrize(("step", "rate"), [(1, 1e-5), (50, 5e-4), (100, 1e-3), (1000, 0.0)])
def test_warm_up_then_cosine(step, rate):
    assert 1e-3 * Schedule(name="cosine", warmup=0.1).factor(step, 1000) == pytest.approx(rate, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "factors"),
    [
        ("constant", {1: 1, 50: 1, 100: 1}),
        ("linear", {1: 0.99, 50: 0.5, 100: 0}),
        ("cosine", {50: 0.5, 100: 0}),
        ("one_cycle", {30: 1, 65: 0.5, 100: 0}),
    ],
)
def test_without_warm_up(name, factors):
    schedule = Schedule(name=name, warmup=0)
    assert {step: schedule.factor(step, 100) for step in factors} == pytest.approx(factors)


def test_a_single_step_trains():
    assert Schedule(name="constant", warmup=0.1).factor(1, 1) == 1
