"""`recommend`: the table of size and similarity, its words, and what it warns of."""

import json
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy.stats import binomtest

from tests.advisor.made import facts, recipe
from tlcore.advisor import Advice, Facts, apply, recommend
from tlcore.advisor.facts import Probe, wilson
from tlcore.data.augmentation import Augmentation
from tlcore.strategies import strategies

NEAR, FAR = 0.3, 0.9


@pytest.mark.parametrize(
    ("n_train", "gap", "linear", "strategy"),
    [
        (100, NEAR, 0.85, "feature_extraction"),
        (999, NEAR, 0.5, "feature_extraction"),
        (9_999, NEAR, 0.85, "feature_extraction"),
        (10_000, NEAR, 0.85, "fine_tune"),
        (10_000, FAR, 0.85, "fine_tune_from_middle"),
        (999, FAR, 0.85, "gradual_unfreezing"),
        (999, FAR, 0.98, "feature_extraction"),
        (1_000, FAR, 0.98, "progressive"),
        (9_999, FAR, 0.85, "progressive"),
        (999, 0.7, 0.85, "feature_extraction"),
        (999, 0.71, 0.85, "gradual_unfreezing"),
    ],
)
def test_the_table(n_train, gap, linear, strategy):
    advice = recommend(facts(n_train=n_train, gap=gap, linear=linear))
    assert advice.strategy == strategy
    assert advice.changes["strategy.name"] == strategy


def test_without_a_gap_the_features_decide():
    assert recommend(facts(gap=None, linear=0.9)).strategy == "feature_extraction"
    doubtful = recommend(facts(gap=None, linear=0.6))
    assert doubtful.strategy == "gradual_unfreezing"
    assert doubtful.reason.startswith(
        "Judged by how well its features separate the classes, the data is unlike the backbone's pretraining. "
    )


def test_the_reason_names_the_figures():
    assert recommend(facts()).reason == (
        "The images are like those of the backbone's pretraining: their gap is 0.30 (up to 0.7 counts as similar). "
        "With 600 training samples, train a new head on the frozen backbone; a linear classifier on the frozen "
        "features gets 85.0 % of val right (95 % interval 77.5 % to 90.3 %; always saying the largest class gets "
        "35.0 %)."
    )
    separated = recommend(facts(gap=1.06, linear=0.99)).reason
    assert "The images are unlike" in separated
    assert (
        "Yet frozen features already separate the classes, so that 600 training samples do for a new head" in separated
    )


def test_the_reason_of_texts():
    texts = {"modality": "text", "limit": 2.0, "image_size": None, "input_size": 0}
    assert recommend(facts(**texts, gap=1.25)).reason.startswith(
        "The texts are like those of the backbone's pretraining: its vocabulary makes 1.2 tokens of a word (up to 2 "
    )
    assert "13.7 tokens of a word, 65.9 % of them unknown" in recommend(facts(**texts, gap=13.67, unknown=0.659)).reason


def test_augmentation():
    def of(**changes):
        return apply(recipe(), recommend(facts(**changes)).changes).augmentation

    assert of() == Augmentation(policy="light", views=2)
    assert of(n_train=5_000) == Augmentation()
    assert of(n_train=5_000, gap=FAR) == Augmentation(policy="light", views=2)
    assert of(n_train=50_000) == Augmentation(policy="standard")
    text = recommend(facts(modality="text", limit=2.0, image_size=None))
    assert set(text.changes) == {"strategy.name"}


def test_nothing_to_warn_of():
    assert recommend(facts()).warnings == ()


def test_features_that_know_nothing_and_data_from_afar():
    advice = recommend(facts(gap=1.2, linear=0.37))
    assert advice.warnings[0] == (
        "A linear classifier on the pretrained features gets 37.0 % of val right, hardly more than the 35.0 % of "
        "always saying the largest class, and the data is far from the pretraining (a gap of 1.20, where up to 0.7 is "
        "similar). Transfer may be the wrong tool here, as it often is for spectrograms, radar and molecules: compare "
        "with from_scratch, or take a backbone that was pretrained on such data."
    )
    assert advice.alternatives[0][0] == "from_scratch"


def test_features_that_know_nothing_of_data_like_the_pretraining():
    (warning,) = recommend(facts(linear=0.37)).warnings
    assert warning.endswith("see whether the labels go with the samples, or add samples, before training for long.")


def test_other_warnings():
    (many,) = recommend(facts(n_train=1_000_001)).warnings
    assert many.startswith("1,000,001 training samples are enough to learn without pretraining")
    (few,) = recommend(facts(n_train=29)).warnings
    assert few.startswith("There are 9.7 training samples a class on average, fewer than 10")
    (coarse,) = recommend(facts(image_size=16)).warnings
    assert coarse.startswith("The images have 16 pixels on their shorter side and are enlarged to 224")
    (mirrored,) = recommend(facts(gap=FAR)).warnings
    assert mirrored.startswith("Augmentation also mirrors images")
    unvaried = recommend(facts(gap=FAR, n_train=1_500, linear=0.99, knn=0.99))
    assert ("augmentation.policy" in unvaried.changes) == any("mirrors" in words for words in unvaried.warnings)


def test_what_cannot_be_beaten_is_not_called_chance():
    few = recommend(facts(gap=FAR, linear=1.0, knn=1.0, chance=0.947, n_val=19))
    assert few.strategy == "feature_extraction"
    assert not any("hardly more" in words or "wrong tool" in words for words in few.warnings)


anything = some.builds(
    Facts,
    modality=some.sampled_from(["image", "text"]),
    n_train=some.integers(2, 3_000_000),
    n_classes=some.integers(2, 1_000),
    gap=some.none() | some.floats(0, 40),
    limit=some.floats(0.5, 3),
    probe=some.builds(
        Probe,
        knn=some.floats(0, 1),
        linear=some.floats(0, 1),
        chance=some.floats(0, 1),
        n_train=some.integers(1, 1_000),
        n_val=some.integers(1, 500),
    ),
    unknown=some.floats(0, 1),
    image_size=some.none() | some.integers(1, 9_000),
    input_size=some.integers(0, 1_000),
)


@given(anything)
def test_any_advice_can_be_followed_kept_and_read(known):
    advice = recommend(known)
    names = {kind.name for kind in strategies()}
    backbone = "minilm" if known.modality == "text" else "efficientnet_lite0"
    changed = apply(recipe("fine_tune", backbone), advice.changes)
    assert changed.strategy.name == advice.strategy
    changed.augmentation.check(known.modality, frozen=advice.strategy == "feature_extraction")
    others = [name for name, _ in advice.alternatives]
    assert set(others) <= names - {advice.strategy} and len(set(others)) == len(others) > 0
    assert advice.reason.endswith(".") and all(text.endswith(".") for text in advice.warnings)
    assert Advice.from_dict(json.loads(json.dumps(advice.to_dict()))) == advice


@given(anything)
def test_more_samples_never_mean_more_frozen(known):
    freedom = ["feature_extraction", "gradual_unfreezing", "progressive", "fine_tune_from_middle", "fine_tune"]
    sizes = (100, 999, 1_000, 9_999, 10_000, 2_000_000)
    chosen = [freedom.index(recommend(replace(known, n_train=n)).strategy) for n in sizes]
    assert chosen == sorted(chosen)


@pytest.mark.parametrize(("right", "n"), list(product((0, 3, 10), (10, 11, 500))))
def test_the_interval_is_wilson_s(right, n):
    theirs = binomtest(right, n).proportion_ci(method="wilson")
    assert wilson(right / n, n) == pytest.approx((theirs.low, theirs.high), abs=1e-4)


def test_separation():
    assert facts(linear=0.675, chance=0.35).probe.separation == pytest.approx(0.5)
    assert facts(linear=1.0, chance=1.0).probe.separation == 0.0
    assert wilson(0.5, 0) == (0.0, 1.0)
