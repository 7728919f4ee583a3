"""A recipe survives every way of writing it down, and refuses what cannot work."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlcore.errors import RecipeError
from tlcore.strategies import FeatureExtraction, Optimizer, strategy
from tlcore.training import Recipe, Schedule
from tlcore.zoo import Head

recipes = st.builds(
    Recipe,
    dataset=st.text("0123456789abcdef", min_size=12, max_size=12),
    backbone=st.sampled_from(["efficientnet_lite0", "minilm"]),
    strategy=st.builds(FeatureExtraction, lr=st.floats(1e-6, 1)),
    head=st.sampled_from([Head(), Head(hidden=(), dropout=(0.0,)), Head(hidden=(8, 4), dropout=(0.1, 0.2, 0.3))]),
    optimizer=st.none() | st.builds(Optimizer, name=st.sampled_from(["adam", "adamw", "sgd"])),
    schedule=st.builds(Schedule, name=st.sampled_from(["constant", "linear", "cosine", "one_cycle"])),
    epochs=st.integers(1, 10_000),
    batch_size=st.integers(1, 65_536),
    seed=st.integers(0, 2**31 - 1),
)


@given(recipes)
def test_dict_and_toml_lose_nothing(recipe):
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    assert Recipe.from_toml(recipe.to_toml()) == recipe


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs is a whole number from 1"),
        ({"epochs": 2.5}, "got 2.5"),
        ({"batch_size": -1}, "got -1"),
        ({"backbone": "resnet9000"}, "no backbone called 'resnet9000'"),
        ({"strategy": "magic"}, "no strategy called 'magic'"),
        ({"strategy": {"name": "feature_extraction", "speed": 1}}, "has no option 'speed'"),
        ({"strategy": {"name": "feature_extraction", "lr": 0}}, "lies in \\(0, 1\\]; got 0"),
        ({"schedule": {"name": "zigzag"}}, "no schedule called 'zigzag'"),
        ({"head": {"hidden": [8], "dropout": [0.1]}}, "needs 2 dropout rates"),
        ({"schedule": {"name": "cosine", "warmup": "long"}}, "schedule.warmup takes a number; got 'long'"),
        ({"head": {"hidden": ["wide"], "dropout": [0, 0]}}, "head.hidden takes a number; got 'wide'"),
        ({"colour": "red"}, "no 'colour'"),
    ],
)
def test_what_cannot_work_is_refused_with_the_value(changes, message):
    plain = Recipe(dataset="x", backbone="minilm").to_dict() | changes
    with pytest.raises(RecipeError, match=message):
        Recipe.from_dict(plain)


def test_broken_toml_says_where():
    with pytest.raises(RecipeError, match="not valid TOML.*line 2"):
        Recipe.from_toml("epochs = 1\nlr = = 2\n")


def test_a_missing_key_is_named():
    with pytest.raises(RecipeError, match="dataset"):
        Recipe.from_dict({"backbone": "minilm"})


def test_scaled_rates_are_round_and_never_above_one():
    made = Recipe(
        dataset="d",
        backbone="efficientnet_lite0",
        strategy=strategy("fine_tune", "image", early_lr=1e-5, late_lr=1e-4, head_lr=0.3),
    )
    scaled = made.scaled(9.999999999).strategy
    assert (scaled.early_lr, scaled.late_lr, scaled.head_lr) == (1e-4, 1e-3, 1.0)
