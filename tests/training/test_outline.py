"""The outline says without a network what the loop then does with one."""

import pytest
import torch

from tests.training.tiny import feeds, model
from tlcore.strategies import Phase, strategies, strategy
from tlcore.training import Recipe
from tlcore.training.events import PhaseStarted, StepDone
from tlcore.training.groups import count, freeze
from tlcore.training.loop import fit
from tlcore.training.outline import outline
from tlcore.zoo import backbone, backbones, stage_patterns
from tlcore.zoo.model import build

PACKAGED = [record for record in backbones() if record.package]


@pytest.mark.parametrize("kind", strategies(), ids=lambda kind: kind.name)
@pytest.mark.parametrize("record", PACKAGED, ids=lambda record: record.name)
def test_counts_are_those_of_the_model(kind, record):
    recipe = Recipe(dataset="x", backbone=record.name, strategy=strategy(kind.name, record.modality), epochs=10)
    torch.manual_seed(0)
    net = build(record, 3, recipe.head, pretrained=False)
    if hasattr(recipe.strategy, "prepare"):
        recipe.strategy.prepare(net)
    adapters = sum(p.numel() for name, p in net.named_parameters() if "lora_" in name)
    made = outline(recipe, record, n_classes=3, n_train=100, adapter_params=adapters)
    assert made.total == count(net)[1]
    for phase in made.phases:
        freeze(net, phase.phase, batch_norm=recipe.freezes_batch_norm())
        assert phase.trainable == count(net)[0], phase.phase.name


def test_rates_are_those_of_the_loop():
    record = backbone("minilm")
    net = model()
    recipe = Recipe(dataset="x", backbone="minilm", strategy=strategy("progressive"), epochs=8, patience=0)
    steps = [event for event in fit(net, feeds(), recipe) if isinstance(event, StepDone)]
    made = outline(recipe, record, n_classes=3, n_train=120)
    assert made.steps == len(steps) == 64 and made.per_epoch == 8
    head = made.parts[-1]
    assert [step.lrs["head"] for step in steps] == pytest.approx([made.rate(head, i) for i in range(1, 65)])
    assert made.rate(made.parts[0], 1) is None and made.rate(made.parts[0], 64) > 0


def test_phases_of_one_s_own():
    record = backbone("efficientnet_lite0")
    first = Phase(name="a", epochs=2, lrs={"head": 1e-2})
    then = Phase(name="b", epochs=3, lrs={"backbone.blocks": 1e-4, stage_patterns(record)[0]: 1e-6, "head": 1e-3})
    made = outline(Recipe(dataset="x", backbone=record.name, phases=(first, then)), record, n_classes=3, n_train=50)
    assert made.recipe.epochs == 5 and [phase.first_step for phase in made.phases] == [1, 9]
    assert made.rate(made.parts[0], 9) == pytest.approx(1e-6) and made.rate(made.parts[3], 9) == pytest.approx(1e-4)
    assert made.rate(made.parts[8], 9) is None
    assert not made.frozen and outline(Recipe(dataset="x", backbone="minilm"), record, n_classes=3, n_train=50).frozen


def test_phases_started_are_those_of_the_outline():
    recipe = Recipe(dataset="x", backbone="minilm", strategy=strategy("gradual_unfreezing", "text"), epochs=6)
    started = [event.epoch for event in fit(model(), feeds(), recipe) if isinstance(event, PhaseStarted)]
    made = outline(recipe, backbone("minilm"), n_classes=3, n_train=120)
    assert [1 + (phase.first_step - 1) // made.per_epoch for phase in made.phases] == started
