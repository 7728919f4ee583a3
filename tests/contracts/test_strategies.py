"""One suite over every registered strategy, on a network small enough to train in milliseconds."""

from dataclasses import fields
from fnmatch import fnmatchcase

import pytest
import torch

from tests.training.tiny import feeds, model, recipe
from tlcore.strategies import options, strategies, strategy, usual
from tlcore.strategies.strategy import matching
from tlcore.training import Recipe
from tlcore.training.events import EpochDone, Finished, PhaseStarted, StepDone
from tlcore.training.groups import freeze, movable, set_modes
from tlcore.training.loop import fit


@pytest.fixture(params=strategies(), ids=lambda kind: kind.name)
def kind(request):
    return request.param


def test_it_says_what_it_is_and_survives_a_recipe_file(kind):
    assert kind.title and kind.summary.endswith(".") and kind.__doc__
    made = recipe(strategy=strategy(kind.name), epochs=None)
    assert made.epochs == usual(kind, "text").epochs
    assert Recipe.from_toml(made.to_toml()) == made
    with pytest.raises(Exception, match="has no option 'magic'"):
        strategy(kind.name, magic=1)


def test_every_option_is_ready_for_a_form(kind):
    for option in fields(kind):
        assert option.metadata["title"] and option.metadata["help"].endswith("."), option.name
        if isinstance(option.default, float):
            assert option.metadata["min"] <= option.default <= option.metadata["max"], option.name


@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 10, 20, 41])
def test_phases_last_as_long_as_asked_and_train_the_head(kind, epochs):
    phases = strategy(kind.name).phases(model(), epochs)
    assert sum(phase.epochs for phase in phases) == epochs
    assert all("head" in phase.lrs for phase in phases)


def test_only_declared_patterns_move_and_what_is_frozen_stays_to_the_bit(kind):
    net, made = model(), recipe(strategy=strategy(kind.name), epochs=6, patience=0, batch_size=40)
    training, phase, checked = fit(net, feeds(), made), None, 0
    before: dict[str, torch.Tensor] = {}
    for event in training:
        if isinstance(event, PhaseStarted):
            phase = made.plan(net)[checked]
            before, checked = copied(net), checked + 1
        if isinstance(event, EpochDone):
            for name, value in net.named_parameters():
                declared = matching(name, phase.lrs) is not None
                if "lora_" in name or value.requires_grad != declared:
                    continue  # an adapter's two factors do not both move in the first step
                assert torch.equal(value, before[name]) != declared, name
            frozen = {name.rpartition(".")[0] for name, value in net.named_parameters() if not value.requires_grad}
            for name, value in net.named_buffers():
                if name.rpartition(".")[0] in frozen:
                    assert torch.equal(value, before[name]), name
    assert checked == len(made.plan(net))


def test_frozen_parameters_have_no_optimizer_state(kind, monkeypatch):
    import tlcore.training.update as update

    seen = []
    monkeypatch.setattr(update.Update, "_shrink", lambda self, n: None)
    step = update.Update.step
    monkeypatch.setattr(
        update.Update, "step", lambda self, *a, **k: (seen.append(self.optimizer), step(self, *a, **k))[1]
    )
    net = model()
    for event in fit(net, feeds(), recipe(strategy=strategy(kind.name), epochs=4, patience=0)):
        if isinstance(event, EpochDone):
            held = {id(parameter) for parameter in seen[-1].state}
            assert held == {id(p) for p in net.parameters() if p.requires_grad}


def test_rates_of_every_group_are_its_base_rate_times_the_formulas(kind):
    made = recipe(strategy=strategy(kind.name), epochs=8, patience=0)
    net = model()
    steps = [event for event in fit(net, feeds(), made) if isinstance(event, StepDone)]
    per_epoch = 8
    phases = [phase for phase in made.plan(net) for _ in range(phase.epochs)]
    starts = [sum(p.epochs for p in made.plan(net)[:i]) * per_epoch for i in range(len(made.plan(net)))]
    for step in steps:
        phase = phases[(step.step - 1) // per_epoch]
        start = starts[list(made.plan(net)).index(phase)]
        factor = made.schedule.factor(step.step, 64) * phase.factor(step.step - start, phase.epochs * per_epoch)
        assert step.lrs == pytest.approx({pattern: lr * factor for pattern, lr in phase.lrs.items()})
    assert len(steps) == 64


def test_phases_switch_at_the_right_step(kind):
    made, net = recipe(strategy=strategy(kind.name), epochs=8, patience=0), model()
    expected, epoch = [], 1
    for phase in made.plan(net):
        expected.append((phase.name, epoch))
        epoch += phase.epochs
    started = [(e.name, e.epoch) for e in fit(net, feeds(), made) if isinstance(e, PhaseStarted)]
    assert started == expected


def test_a_run_repeats_exactly(kind):
    made = recipe(strategy=strategy(kind.name), epochs=4)
    losses = [[e.loss for e in fit(model(), feeds(), made) if isinstance(e, StepDone)] for _ in range(2)]
    assert losses[0] == losses[1]


def test_it_reaches_a_stated_accuracy(kind):
    """Three Gaussian clouds of 120 samples; the pretrained weights are random here, so rates are raised."""
    rates = {name: 5e-3 for name in options(strategy(kind.name)) if name == "lr" or name.endswith("_lr")}
    made = recipe(strategy=strategy(kind.name, **rates), epochs=16, patience=0)
    last = list(fit(model(), feeds(), made))[-1]
    assert isinstance(last, Finished)
    assert last.val_accuracy >= 0.93


def test_modes_follow_what_trains(kind):
    net = model()
    for phase in strategy(kind.name).phases(net, 10):
        if any("lora" in pattern for pattern in phase.lrs):
            continue
        freeze(net, phase)
        set_modes(net)
        for name, module in net.backbone.named_modules():
            parameters = list(module.parameters())
            if parameters:
                assert module.training == any(p.requires_grad for p in parameters), name
        assert set(movable(net, (phase,))) >= {n for n, p in net.named_parameters() if p.requires_grad}
        assert all(
            any(fnmatchcase(n, p + "*") for p in phase.lrs) for n, q in net.named_parameters() if q.requires_grad
        )


def copied(net):
    return {name: value.detach().clone() for name, value in [*net.named_parameters(), *net.named_buffers()]}
