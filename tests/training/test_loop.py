"""`fit`: what it tells, what it leaves untouched, and how it ends."""

import pytest
import torch

from tests.training.tiny import CLASSES, feeds, model, recipe, split
from tlcore.errors import RecipeError
from tlcore.features.feeds import TensorFeeds
from tlcore.strategies import FeatureExtraction
from tlcore.training.events import EpochDone, Finished, PhaseStarted, RunStarted, StepDone
from tlcore.training.loop import fit
from tlcore.training.schedules import Schedule
from tlcore.training.scoring import logits


def of(events, kind):
    return [event for event in events if isinstance(event, kind)]


def test_events_come_in_order_and_number():
    events = list(fit(model(), feeds(), recipe()))
    steps, epochs = of(events, StepDone), of(events, EpochDone)
    assert isinstance(events[0], RunStarted) and isinstance(events[1], PhaseStarted)
    assert isinstance(events[-1], Finished)
    assert (events[0].epochs, events[0].steps) == (5, 5 * 8)
    assert [step.step for step in steps] == list(range(1, 41))
    assert [epoch.epoch for epoch in epochs] == [1, 2, 3, 4, 5]
    assert [epoch.step for epoch in epochs] == [8, 16, 24, 32, 40]


def test_only_the_head_moves_and_the_backbone_is_bit_identical():
    net = model()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    events = list(fit(net, feeds(), recipe()))
    after = net.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before if name.startswith("backbone."))
    assert any(not torch.equal(before[name], after[name]) for name in before if name.startswith("head."))
    trainable = sum(p.numel() for p in net.head.parameters())
    assert events[0].trainable == trainable == 12 * 16 + 16 + 16 * CLASSES + CLASSES
    assert events[0].total == sum(p.numel() for p in net.parameters())


def test_it_learns():
    last = list(fit(model(), feeds(), recipe(epochs=20, strategy=FeatureExtraction(lr=1e-2))))[-1]
    assert last.val_accuracy > 0.9


def test_the_same_seed_repeats_exactly_and_another_differs():
    losses = [[step.loss for step in of(fit(model(), feeds(), recipe(seed=seed)), StepDone)] for seed in (3, 3, 4)]
    assert losses[0] == losses[1]
    assert losses[0] != losses[2]


def test_the_best_epoch_is_what_remains():
    net = model()
    events = list(fit(net, feeds(), recipe(epochs=12, strategy=FeatureExtraction(lr=0.5))))
    epochs = of(events, EpochDone)
    best = max(epochs, key=lambda e: (e.val_accuracy, -e.val_loss))
    assert best.epoch != epochs[-1].epoch, "the rate is meant to be so high that the last epoch is not the best"
    assert events[-1].best_epoch == best.epoch
    scoring = logits(net, net, feeds().raw("val"), "val")
    try:
        while True:
            next(scoring)
    except StopIteration as end:
        scores, labels = end.value
    assert (scores.argmax(1) == labels).float().mean().item() == pytest.approx(best.val_accuracy)
    assert torch.nn.functional.cross_entropy(scores, labels).item() == pytest.approx(best.val_loss, rel=1e-5)


def test_closing_keeps_the_best_epoch_so_far():
    net = model()
    events = fit(net, feeds(), recipe(epochs=12, strategy=FeatureExtraction(lr=0.5)))
    seen = []
    for event in events:
        seen.append(event)
        if isinstance(event, EpochDone) and not event.best:
            break
    kept = None
    for event in seen:
        if isinstance(event, EpochDone) and event.best:
            kept = event
    events.close()
    scores = net(split(45, 2)[0])
    assert torch.nn.functional.cross_entropy(scores, split(45, 2)[1]).item() == pytest.approx(kept.val_loss, rel=1e-5)
    assert not net.training


def test_rates_follow_the_schedule():
    steps = of(fit(model(), feeds(), recipe(schedule=Schedule(name="cosine", warmup=0.25))), StepDone)
    rates = [step.lrs["head"] for step in steps]
    assert rates[0] == pytest.approx(1e-3 / 10)
    assert rates[9] == pytest.approx(1e-3)
    assert rates[24] == pytest.approx(0.5e-3)
    assert rates[39] == pytest.approx(0)


def test_an_empty_split_is_refused():
    empty = TensorFeeds(train=split(12, 1), val=(torch.zeros(0, 6), torch.zeros(0, dtype=torch.long)))
    with pytest.raises(RecipeError, match="one of them is empty"):
        list(fit(model(), empty, recipe()))
