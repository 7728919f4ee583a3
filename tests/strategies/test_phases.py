"""The phases of each strategy, figure by figure."""

import pytest

from tlcore.errors import RecipeError
from tlcore.strategies import (
    FineTune,
    FineTuneFromMiddle,
    FromScratch,
    GradualUnfreezing,
    Phase,
    Progressive,
    strategies,
    strategy,
    usual,
)
from tlcore.strategies.strategy import matching


class Net:
    def __init__(self, n=4):
        self.n = n

    def stages(self):
        return tuple(f"backbone.{i}" for i in range(self.n))


def test_all_of_them():
    assert [kind.name for kind in strategies()] == [
        "feature_extraction",
        "fine_tune",
        "fine_tune_from_middle",
        "gradual_unfreezing",
        "progressive",
        "lora",
        "from_scratch",
    ]


def test_fine_tune():
    (phase,) = FineTune().phases(Net(5), 3)
    assert phase.lrs == {
        "backbone.0": 1e-5,
        "backbone.1": 1e-5,
        "backbone.2": 1e-4,
        "backbone.3": 1e-4,
        "backbone.4": 1e-4,
        "head": 1e-3,
    }
    own = usual(FineTune, "image")
    assert (own.optimizer.name, own.optimizer.weight_decay, own.schedule) == ("adamw", 1e-4, "cosine")
    assert own.warmup > 0


def test_texts_have_rates_of_their_own():
    (phase,) = strategy("fine_tune", "text").phases(Net(2), 3)
    assert phase.lrs == {"backbone.0": 2e-5, "backbone.1": 2e-5, "head": 1e-3}
    assert usual(FineTune, "text").optimizer.weight_decay == 0.01
    assert strategy("fine_tune", "text", early_lr=1e-6).early_lr == 1e-6


def test_from_the_middle():
    (phase,) = FineTuneFromMiddle().phases(Net(4), 3)
    assert phase.lrs == {"backbone.2": 1e-4, "backbone.3": 1e-4, "head": 1e-3}


def test_gradual_unfreezing():
    phases = GradualUnfreezing().phases(Net(9), 10)
    assert [phase.epochs for phase in phases] == [2, 2, 2, 2, 2]
    assert phases[0].lrs == {"head": 1e-3}
    assert phases[1].lrs == {"backbone.8": 1e-4, "head": 1e-3}
    assert phases[4].lrs == pytest.approx(
        {"backbone.8": 1e-4, "backbone.7": 5e-5, "backbone.6": 2.5e-5, "backbone.5": 1.25e-5, "head": 1e-3}
    )


def test_gradual_unfreezing_gives_what_is_left_to_the_last_phase():
    assert [phase.epochs for phase in GradualUnfreezing().phases(Net(2), 10)] == [2, 2, 6]
    assert [phase.epochs for phase in GradualUnfreezing().phases(Net(9), 5)] == [2, 2, 1]
    assert [phase.epochs for phase in GradualUnfreezing().phases(Net(9), 1)] == [1]


def test_progressive():
    head, two, everything = Progressive().phases(Net(5), 20)
    assert (head.epochs, two.epochs, everything.epochs) == (5, 5, 10)
    assert head.lrs == {"head": 1e-3}
    assert two.lrs == {"backbone.3": 1e-5, "backbone.4": 1e-5, "head": 1e-3}
    assert everything.lrs == {
        "backbone.0": 1e-6,
        "backbone.1": 1e-6,
        "backbone.2": 1e-5,
        "backbone.3": 1e-5,
        "backbone.4": 1e-5,
        "head": 1e-4,
    }
    assert (head.warmup, two.warmup) == (0, 0) and everything.warmup > 0
    assert usual(Progressive, "image").patience > 0 and usual(Progressive, "image").epochs == 20


def test_from_scratch():
    assert FromScratch().phases(Net(), 3)[0].lrs == {"backbone": 1e-3, "head": 1e-3}
    assert not FromScratch.pretrained


def test_warm_up_of_a_phase():
    phase = Phase(name="all", epochs=10, lrs={"head": 1e-3}, warmup=0.1)
    assert [phase.factor(step, 100) for step in (1, 5, 10, 11, 100)] == [0.1, 0.5, 1, 1, 1]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "at least 1; got 0"),
        ({"lrs": {}}, "trains nothing"),
        ({"lrs": {"head": 0}}, "of 'head' in phase 'x' lies in \\(0, 1\\]; got 0"),
        ({"lrs": {"head": "fast"}}, "got 'fast'"),
        ({"warmup": 1}, "a share in \\[0, 1\\); got 1"),
    ],
)
def test_a_phase_that_cannot_be_is_refused(settings, message):
    with pytest.raises(RecipeError, match=message):
        Phase(**({"name": "x", "epochs": 1, "lrs": {"head": 1e-3}} | settings))


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("backbone.bn1.weight", "backbone.conv_stem|backbone.bn1"),
        ("backbone.conv_stem.weight", "backbone.conv_stem|backbone.bn1"),
        ("backbone.blocks.10.weight", "backbone"),
        ("backbone.blocks.1.lora_A.default.weight", "*.lora_*"),
        ("backbone.blocks.1.weight", "backbone.blocks.1"),
        ("header.weight", None),
    ],
)
def test_the_longest_pattern_that_fits_wins(name, pattern):
    patterns = dict.fromkeys(
        ("backbone", "backbone.conv_stem|backbone.bn1", "backbone.blocks.1", "head", "backbone.blocks.1.*", "*.lora_*"),
        1.0,
    )
    if pattern == "*.lora_*":
        patterns.pop("backbone.blocks.1.*"), patterns.pop("backbone.blocks.1"), patterns.pop("backbone")
    if pattern == "backbone.blocks.1":
        patterns.pop("backbone.blocks.1.*")
    assert matching(name, patterns) == pattern
