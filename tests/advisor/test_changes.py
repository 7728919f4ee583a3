"""`apply`: changes by dotted key, and what another strategy brings with it."""

import pytest

from tests.advisor.made import recipe
from tlcore.advisor import apply
from tlcore.data.augmentation import Augmentation
from tlcore.errors import RecipeError
from tlcore.strategies import strategies, strategy, usual
from tlcore.training import Schedule


def test_no_change_is_the_same_recipe():
    made = recipe("gradual_unfreezing", epochs=7, schedule="linear")
    assert apply(made, {}) == made
    assert apply(made, {"strategy.name": "gradual_unfreezing"}) == made


def test_single_values_and_parts():
    changed = apply(recipe(), {"balance": "weights", "strategy.lr": 5e-4, "head.hidden": [64], "schedule.warmup": 0.2})
    assert changed.balance == "weights"
    assert changed.strategy.lr == 5e-4
    assert changed.head.hidden == (64,)
    assert changed.schedule.warmup == 0.2
    assert changed.epochs == recipe().epochs


@pytest.mark.parametrize("kind", strategies(), ids=lambda kind: kind.name)
@pytest.mark.parametrize(("backbone", "modality"), [("efficientnet_lite0", "image"), ("minilm", "text")])
def test_another_strategy_takes_its_own_settings_anew(kind, backbone, modality):
    other = "fine_tune" if kind.name == "feature_extraction" else "feature_extraction"
    before = recipe(
        other, backbone, epochs=77, clip=9.0, patience=3, schedule="linear", batch_size=64, seed=5, optimizer="sgd"
    )
    changed, own = apply(before, {"strategy.name": kind.name}), usual(kind, modality)
    assert changed.strategy == strategy(kind.name, modality)
    assert changed.optimizer == own.optimizer
    assert changed.schedule == Schedule(name=own.schedule, warmup=own.warmup)
    assert (changed.epochs, changed.clip, changed.patience) == (own.epochs, own.clip, own.patience)
    assert (changed.batch_size, changed.seed, changed.head) == (64, 5, before.head)


def test_another_strategy_drops_phases_of_one_s_own():
    before = recipe("fine_tune", phases=[{"name": "all", "epochs": 3, "lrs": {"head": 1e-3, "backbone": 1e-5}}])
    changed = apply(before, {"strategy.name": "feature_extraction"})
    assert changed.phases == ()
    assert changed.epochs == 10


def test_options_of_the_new_strategy_go_with_its_name():
    changed = apply(recipe(), {"strategy.name": "fine_tune", "strategy.late_lr": 5e-5, "epochs": 3})
    assert (changed.strategy.late_lr, changed.strategy.early_lr, changed.epochs) == (5e-5, 1e-5, 3)


def test_an_augmentation_that_a_frozen_backbone_cannot_show_becomes_one_it_can():
    varied = {"policy": "standard", "mixup": 0.2, "cutmix": 1.0}
    changed = apply(recipe("fine_tune", augmentation=varied), {"strategy.name": "feature_extraction"})
    assert changed.augmentation == Augmentation(policy="standard", views=2)
    mixing = apply(recipe("fine_tune", augmentation={"mixup": 0.2}), {"strategy.name": "feature_extraction"})
    assert mixing.augmentation == Augmentation()
    chosen = apply(recipe(augmentation={"policy": "light", "views": 5}), {"augmentation.policy": "standard"})
    assert chosen.augmentation == Augmentation(policy="standard", views=5)


@pytest.mark.parametrize(
    ("fix", "message"),
    [
        ({"magic": 1}, "no 'magic'"),
        ({"magic.more": 1}, "no 'magic'"),
        ({"epochs.more": 1}, "no 'epochs.more': epochs is a single value, 10"),
        ({"strategy.magic": 1}, "has no option 'magic'"),
        ({"strategy.name": "magic"}, "no strategy called 'magic'"),
        ({"balance": "magic"}, "balance is one of none, weights, sampling; got 'magic'"),
    ],
)
def test_what_a_recipe_does_not_know_is_refused(fix, message):
    with pytest.raises(RecipeError, match=message):
        apply(recipe(), fix)
