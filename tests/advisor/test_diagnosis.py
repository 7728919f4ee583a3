"""`diagnose`: each shape of the curves with its text, and silence on healthy ones."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.advisor.made import curves, recipe
from tlcore.advisor import apply, diagnose

HEALTHY = [
    (1.2, 0.45, 0.95, 0.60),
    (0.85, 0.65, 0.75, 0.70),
    (0.68, 0.73, 0.64, 0.76),
    (0.57, 0.78, 0.57, 0.79),
    (0.50, 0.81, 0.53, 0.80),
    (0.45, 0.84, 0.50, 0.82),
    (0.41, 0.86, 0.49, 0.82),
    (0.38, 0.87, 0.48, 0.83),
]
CRASHED = [*HEALTHY[:4], (0.9, 0.60, 2.4, 0.41)]
OVERFITTED = [
    (1.0, 0.50, 0.90, 0.60),
    (0.60, 0.75, 0.70, 0.72),
    (0.30, 0.90, 0.72, 0.74),
    (0.15, 0.97, 0.80, 0.75),
]
STUCK = [(1.10, 0.33, 1.10, 0.34), (1.10, 0.34, 1.10, 0.33), (1.09, 0.35, 1.10, 0.34)]
UNSTEADY = [
    (0.70, 0.65, 0.75, 0.65),
    (1.00, 0.55, 0.75, 0.64),
    (0.50, 0.75, 0.60, 0.72),
    (0.85, 0.62, 0.65, 0.70),
]
FLAT = [*HEALTHY, *[(0.37, 0.87, 0.48, 0.83)] * 5]
AHEAD = [(1.3, 0.30, 0.9, 0.60), (1.1, 0.45, 0.7, 0.65), (1.0, 0.50, 0.6, 0.70), (0.95, 0.55, 0.5, 0.75)]


def last(rows, n_classes=3, made=None):
    """What is said after the last epoch."""
    return diagnose(curves(rows), n_classes, recipe=made)


def first(rows, code, n_classes=3):
    """The epoch after which it is first said."""
    history = curves(rows)
    said = [n for n in range(1, len(rows) + 1) if code in [f.code for f in diagnose(history[:n], n_classes)]]
    return said[0] if said else None


def test_before_the_first_epoch_there_is_nothing_to_say():
    assert diagnose([], 3) == ()


@pytest.mark.parametrize(
    ("rows", "code", "epoch", "text"),
    [
        (CRASHED, "crash", 5, "Val accuracy fell from 79.0 % in epoch 4 to 41.0 % in epoch 5."),
        (
            OVERFITTED,
            "overfitting",
            4,
            "In epoch 4 train accuracy is 97.0 %, val 75.0 %, and since epoch 2 the val loss rose from 0.700 to 0.800 "
            "while the train loss fell",
        ),
        (STUCK, "not-learning", 3, "After epoch 3 the train loss is 1.090; guessing among 3 classes gives 1.099."),
        (UNSTEADY, "unsteady", 4, "jumped 2 times, last from 0.500 in epoch 3 to 0.850 in epoch 4."),
        (FLAT, "plateau", 13, "In the 5 epochs up to 13 the lowest val loss was 0.480, before them 0.480."),
        (AHEAD, "val-ahead", 4, "For 3 epochs val was clearly ahead; in epoch 4 it is 75.0 % against 55.0 %."),
    ],
)
def test_each_shape_is_told_as_soon_as_it_shows(rows, code, epoch, text):
    (finding,) = last(rows)
    assert finding.code == code
    assert text in finding.text
    assert first(rows, code) == epoch == len(rows)
    assert finding.level == ("info" if code in ("plateau", "val-ahead") else "warning")
    assert not finding.fix and not finding.fix_title


def test_healthy_curves_raise_no_word():
    for n in range(1, len(HEALTHY) + 1):
        assert last(HEALTHY[:n]) == ()


@given(
    start=some.floats(0.5, 0.9),
    fall=some.floats(0.80, 0.93),
    n_classes=some.integers(2, 1000),
    wobble=some.lists(some.floats(-0.02, 0.02), min_size=30, max_size=30),
)
def test_falling_curves_with_some_noise_raise_no_word(start, fall, n_classes, wobble):
    guess, rows = math.log(n_classes), []
    for epoch, noise in enumerate(wobble):
        train = guess * start * fall**epoch * (1 + noise)
        val = guess * start * fall**epoch * 1.05
        rows.append((train, math.exp(-train), val, math.exp(-val)))
    history = curves(rows)
    for n in range(1, len(history) + 1):
        assert diagnose(history[:n], n_classes) == ()


def test_losses_near_nothing_may_double():
    rows = [(0.5 / 3**i, 0.99, 0.5 / 3**i, 0.996) for i in range(8)]
    shaken = [*rows, (0.004, 0.999, 0.004, 0.996), (0.001, 0.999, 0.001, 0.996), (0.003, 0.999, 0.003, 0.996)]
    assert all(last(shaken[:n]) == () for n in range(1, len(shaken) + 1))


def test_an_accuracy_that_was_never_above_chance_cannot_crash():
    rows = [(1.1, 0.3, 1.10, 0.40), (1.1, 0.3, 1.2, 0.2)]
    assert last(rows) == ()


def test_overfitting_needs_a_gap_a_risen_loss_and_a_falling_one():
    narrow = [*OVERFITTED[:3], (0.15, 0.80, 0.80, 0.75)]
    steady = [*OVERFITTED[:3], (0.15, 0.97, 0.705, 0.75)]
    rising = [*OVERFITTED[:3], (0.65, 0.97, 0.80, 0.75)]
    assert not any("overfitting" in [f.code for f in last(rows)] for rows in (narrow, steady, rising))


def test_what_falls_back_is_no_plateau():
    rows = [*OVERFITTED, *[(0.1, 0.98, 0.9, 0.75)] * 5]
    assert [finding.code for finding in last(rows)] == ["overfitting"]


def test_a_perfect_score_is_no_plateau():
    assert last([(0.1, 1.0, 0.01, 1.0)] * 12) == ()


class TestFixes:
    """With the recipe there is something to click."""

    def fix(self, rows, made):
        (finding,) = last(rows, made=made)
        assert bool(finding.fix) == bool(finding.fix_title)
        return finding, apply(made, finding.fix)

    def test_a_crash_takes_a_tenth_of_the_backbone_s_rates(self):
        finding, mended = self.fix(CRASHED, recipe("fine_tune"))
        assert finding.fix_title == "A tenth of the backbone's rate"
        strategy = mended.strategy
        assert (strategy.early_lr, strategy.late_lr, strategy.head_lr) == (1e-6, 1e-5, 1e-3)

    def test_or_of_the_head_s_where_nothing_else_trains(self):
        finding, mended = self.fix(CRASHED, recipe())
        assert finding.fix_title == "A tenth of the head's rate"
        assert mended.strategy.lr == 1e-4

    def test_or_of_the_phases_of_one_s_own(self):
        phases = [{"name": "all", "epochs": 5, "lrs": {"head": 1e-2, "backbone": 1e-3}}]
        _, mended = self.fix(CRASHED, recipe("fine_tune", phases=phases))
        assert mended.phases[0].lrs == {"head": 1e-2, "backbone": 1e-4}

    def test_overfitting_takes_augmentation_then_fewer_parameters(self):
        _, varied = self.fix(OVERFITTED, recipe("fine_tune"))
        assert (varied.augmentation.policy, varied.strategy.name) == ("standard", "fine_tune")
        _, frozen = self.fix(OVERFITTED, varied)
        assert frozen.strategy.name == "feature_extraction"
        assert frozen.augmentation.views == 2
        finding, _ = self.fix(OVERFITTED, frozen)
        assert finding.fix == {}

    def test_overfitting_on_texts(self):
        _, mended = self.fix(OVERFITTED, recipe("fine_tune", "minilm"))
        assert mended.strategy.name == "feature_extraction"
        assert self.fix(OVERFITTED, mended)[0].fix == {}

    def test_unsteady_freezes_batch_norm_then_lowers_rates(self):
        _, frozen = self.fix(UNSTEADY, recipe("fine_tune", batch_size=64))
        assert frozen.batch_norm == "frozen"
        _, slower = self.fix(UNSTEADY, frozen)
        assert slower.strategy.late_lr == 1e-5
        for name, backbone in (("lora", "efficientnet_lite0"), ("from_scratch", "minilm"), ("fine_tune", "minilm")):
            assert self.fix(UNSTEADY, recipe(name, backbone, batch_size=64))[1].batch_norm == "auto"


@given(
    rows=some.lists(
        some.tuples(some.floats(0, 20), some.floats(0, 1), some.floats(0, 20), some.floats(0, 1)), max_size=12
    ),
    n_classes=some.integers(2, 50),
)
def test_whatever_the_curves_it_says_each_thing_at_most_once(rows, n_classes):
    found = [finding.code for finding in last(rows, n_classes, recipe("progressive"))]
    assert all(a != b for a, b in pairwise(sorted(found)))
