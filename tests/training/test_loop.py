"""`fit`: what it tells, what it leaves untouched, and how it ends."""

import pytest
import torch

from tests.training.tiny import CLASSES, feeds, model, recipe, split
from tlcore.errors import DivergedError, RecipeError, RunError
from tlcore.features.feeds import TensorFeeds
from tlcore.strategies import FeatureExtraction, Optimizer, Phase, strategy
from tlcore.training.criterion import Criterion, class_weights, order
from tlcore.training.events import (
    EpochDone,
    Finished,
    PhaseStarted,
    RunStarted,
    SavePoint,
    StepDone,
    Told,
    Warned,
)
from tlcore.training.loop import fit
from tlcore.training.outline import outline
from tlcore.training.schedules import Schedule
from tlcore.training.scoring import logits, macro_f1
from tlcore.zoo import Head, backbone


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


def sequence(net, made, *, data=None, resume=None, kill_at=None, folder=None):
    """(step, loss) of a training and its epochs' val losses; saved at every save point, abandoned after `kill_at`."""
    losses, vals = [], []
    training = fit(net, data or feeds(), made, resume=resume)
    for event in training:
        if isinstance(event, StepDone):
            losses.append((event.step, event.loss))
        elif isinstance(event, EpochDone):
            vals.append((event.epoch, event.val_loss, event.best))
        elif isinstance(event, SavePoint) and folder and (kill_at is None or event.step <= kill_at):
            event.save(folder / "state.pt")
        if kill_at is not None and losses and losses[-1][0] > kill_at:
            break
    return losses, vals


@pytest.mark.parametrize(
    "name", ["feature_extraction", "fine_tune", "gradual_unfreezing", "progressive", "from_scratch"]
)
@pytest.mark.parametrize("kill_at", [3, 8, 21, 37, 45])
def test_a_killed_and_resumed_run_gives_the_same_losses(name, kill_at, tmp_path, monkeypatch):
    monkeypatch.setattr("tlcore.training.loop.TELL_SECONDS", 0.0)  # a save point after every step
    made = recipe(strategy=strategy(name), epochs=6, patience=2, balance="sampling")
    whole, vals = sequence(model(), made)
    sequence(model(), made, folder=tmp_path, kill_at=kill_at)
    net = model(seed=7)
    start = torch.load(tmp_path / "state.pt", weights_only=True)["position"]["step"]
    assert start == kill_at
    net.load_state_dict(model().state_dict())  # what the pretrained file says; the state has what moved
    rest, later = sequence(net, made, resume=tmp_path / "state.pt")
    assert rest == whole[start:]
    assert later == [row for row in vals if row[0] > start // 8 or (row[0] * 8 == start and later and later[0] == row)]


def test_a_state_saved_before_val_is_scored_has_it_scored(tmp_path):
    whole, vals = sequence(model(), recipe())
    for event in fit(model(), feeds(), recipe()):
        if isinstance(event, SavePoint) and event.step == 16:
            assert not event.epoch_done
            event.save(tmp_path / "state.pt")
            break
    rest, later = sequence(model(), recipe(), resume=tmp_path / "state.pt")
    assert (rest, later) == (whole[16:], vals[1:])


@pytest.mark.parametrize("name", ["feature_extraction", "fine_tune", "gradual_unfreezing"])
@pytest.mark.parametrize("saved_at", [24, 48])
def test_an_extension_is_the_same_whether_it_was_planned_or_came_later(name, saved_at, tmp_path):
    planned = recipe(strategy=strategy(name), epochs=6, extensions=(2, 1))
    whole, vals = sequence(model(), planned)
    assert len(vals) == 9 and whole[-1][0] == 72
    sequence(model(), recipe(strategy=strategy(name), epochs=6), folder=tmp_path, kill_at=saved_at)
    assert torch.load(tmp_path / "state.pt", weights_only=True)["position"]["step"] == saved_at
    rest, later = sequence(model(), planned, resume=tmp_path / "state.pt")
    assert (rest, later) == (whole[saved_at:], vals[saved_at // 8 :])


def test_an_extension_has_a_schedule_of_its_own():
    made = recipe(epochs=2, schedule=Schedule(name="linear"), extensions=(2,))
    steps = [event for event in fit(model(), feeds(), made) if isinstance(event, StepDone)]
    rates = [event.lrs["head"] / made.strategy.lr for event in steps]
    assert rates[:16] == pytest.approx([1 - s / 16 for s in range(1, 17)], abs=1e-9)
    assert rates[16:] == pytest.approx(rates[:16])
    shown = outline(made, backbone("minilm"), n_classes=3, n_train=120)
    (head,) = [part for part in shown.parts if part.pattern == "head"]
    assert [shown.rate(head, step) for step in range(1, 33)] == pytest.approx([e.lrs["head"] for e in steps])


def test_a_resumed_run_knows_its_best_epoch(tmp_path):
    made = recipe(epochs=12, strategy=FeatureExtraction(lr=0.5))
    whole = list(fit(model(), feeds(), made))[-1]
    sequence(model(), made, folder=tmp_path, kill_at=11 * 8)
    resumed = list(fit(model(), feeds(), made, resume=tmp_path / "state.pt"))
    assert resumed[-1] == whole
    assert resumed[0].best.epoch == whole.best_epoch and resumed[0].step == 11 * 8


def test_a_state_of_another_recipe_or_a_damaged_one_is_refused(tmp_path):
    sequence(model(), recipe(), folder=tmp_path)
    with pytest.raises(RunError, match="belongs to another recipe"):
        list(fit(model(), feeds(), recipe(seed=1), resume=tmp_path / "state.pt"))
    (tmp_path / "state.pt").write_bytes(b"not a state")
    with pytest.raises(RunError, match="cannot be read"):
        list(fit(model(), feeds(), recipe(), resume=tmp_path / "state.pt"))


def test_out_of_memory_halves_the_parts_and_the_training_stays_the_same():
    class Narrow(torch.nn.Module):
        """A backbone that holds at most five samples at a time."""

        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            if len(x) > 5 and torch.is_grad_enabled():
                raise torch.OutOfMemoryError("CUDA out of memory")
            return self.inner(x)

    made = recipe(strategy=strategy("fine_tune"), head=Head(hidden=(16,), dropout=(0.0, 0.0)), epochs=2)
    roomy, tight = quiet(), quiet()
    expected, _ = sequence(roomy, made)
    tight.backbone[0][0] = Narrow(tight.backbone[0][0])
    events = list(fit(tight, feeds(), made))
    warned = [event.text for event in of(events, Warned)]
    assert [text.split(": ")[1][:40] for text in warned] == [
        "from here on 8 samples pass the network ",
        "from here on 4 samples pass the network ",
    ]
    assert "4 such parts" in warned[1] and "batch of 16 samples" in warned[1]
    assert [event.loss for event in of(events, StepDone)] == pytest.approx([loss for _, loss in expected], rel=1e-4)


def quiet():
    """The tiny model without dropout, so that a batch in parts is the batch."""
    net = model()
    for module in net.head.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return net


@pytest.mark.parametrize("parts", [2, 5, 16])
def test_accumulation_is_the_same_step(parts):
    whole, _ = sequence(quiet(), recipe(strategy=strategy("fine_tune"), epochs=2))
    split_up, _ = sequence(quiet(), recipe(strategy=strategy("fine_tune"), epochs=2, accumulate=parts))
    assert [loss for _, loss in split_up] == pytest.approx([loss for _, loss in whole], rel=1e-4)


def test_a_loss_that_is_no_number_stops_with_step_rate_and_advice():
    data = feeds()
    x, y = split(120, 1)
    data = TensorFeeds(train=(x.index_fill(0, torch.tensor([50]), torch.nan), y), val=split(45, 2))
    net, before = model(), model().state_dict()
    with pytest.raises(DivergedError, match=r"became nan at step \d, at a learning rate of 0.001.*a tenth.*kept"):
        list(fit(net, data, recipe()))
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_patience_ends_the_phase_and_then_the_run():
    made = recipe(epochs=40, patience=3, strategy=FeatureExtraction(lr=0.5))
    events = list(fit(model(), feeds(), made))
    epochs, told = of(events, EpochDone), of(events, Told)
    lowest = min(range(len(epochs)), key=lambda i: epochs[i].val_loss)
    assert len(epochs) == lowest + 1 + 3 < 40
    assert told[0].text == (
        f"Phase 'head' ends at epoch {len(epochs)}: for 3 epochs the val loss did not fall below "
        f"{epochs[lowest].val_loss:.4f}."
    )
    assert isinstance(events[-1], Finished)


def test_what_a_later_phase_moved_is_taken_back_when_the_best_epoch_was_before_it():
    ruin = Phase(name="all", epochs=1, lrs={"backbone": 1.0, "head": 1.0})
    phases = (Phase(name="head", epochs=3, lrs={"head": 1e-2}), ruin)
    net, before = model(), model().state_dict()
    last = list(fit(net, feeds(), recipe(phases=phases, epochs=None, clip=0.0)))[-1]
    assert last.best_epoch < 4
    after = net.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before if name.startswith("backbone."))


def test_unfreezing_keeps_the_optimizer_s_state():
    """Adam's first step after its state was lost would move each weight by the whole rate."""
    phases = (
        Phase(name="head", epochs=4, lrs={"head": 1e-3}),
        Phase(name="all", epochs=1, lrs={"backbone": 1e-8, "head": 1e-3}),
    )
    alone = (Phase(name="head", epochs=5, lrs={"head": 1e-3}),)
    runs = [sequence(quiet(), recipe(phases=p, epochs=None, clip=0.0, batch_norm="frozen"))[0] for p in (phases, alone)]
    assert [loss for _, loss in runs[0]] == pytest.approx([loss for _, loss in runs[1]], rel=1e-4)


@pytest.mark.parametrize(
    ("setting", "batch", "expected"),
    [("auto", 16, True), ("auto", 32, False), ("frozen", 64, True), ("train", 4, False)],
)
def test_batch_norm_stays_frozen_where_it_should(setting, batch, expected):
    net = model()
    layer = net.backbone[0][1]
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    made = recipe(strategy=strategy("fine_tune"), batch_size=batch, batch_norm=setting, epochs=2)
    started = of(fit(net, feeds(), made), PhaseStarted)[0]
    assert all(torch.equal(before[name], value) for name, value in layer.state_dict().items()) == expected
    assert started.batch_norms == (1 if expected else 0)


def test_clipping_bounds_the_step_and_the_norm_is_told():
    made = recipe(strategy=FeatureExtraction(lr=1e-3), optimizer=Optimizer(name="sgd"), clip=0.01, epochs=1)
    net, before = model(), model()
    events = of(fit(net, feeds(), made), StepDone)
    assert all(event.grad_norm > 0.01 for event in events)
    moved = torch.cat([(a - b).flatten() for a, b in zip(net.parameters(), before.parameters(), strict=True)]).norm()
    assert moved < len(events) * 1e-3 * 0.01 * 10  # at most 1 / (1 - momentum) times the plain steps


def test_class_weights_make_up_for_unequal_classes():
    labels = torch.tensor([0] * 90 + [1] * 9 + [2])
    weights = class_weights(labels, 4)
    assert weights.tolist() == pytest.approx([100 / (4 * 90), 100 / (4 * 9), 25.0, 0.0])
    drawn = order(recipe(balance="sampling"), labels.repeat(30), 3, epoch=1)
    counts = torch.bincount(labels.repeat(30)[drawn], minlength=3)
    assert all(abs(int(n) - 1000) < 150 for n in counts)
    plain = order(recipe(), labels, 3, epoch=1)
    assert sorted(plain.tolist()) == list(range(100)) and plain.tolist() != order(recipe(), labels, 3, epoch=2).tolist()


def test_label_smoothing_and_weights_are_torch_s_own():
    out, y, weights = torch.randn(7, 3), torch.tensor([0, 1, 2, 0, 0, 1, 0]), torch.tensor([0.5, 2.0, 1.0])
    criterion = Criterion(weights, 0.1)
    total = criterion.total(y)
    parts = criterion(out[:4], y[:4], total) + criterion(out[4:], y[4:], total)
    assert parts.item() == pytest.approx(
        torch.nn.functional.cross_entropy(out, y, weights, label_smoothing=0.1).item(), rel=1e-5
    )


@pytest.mark.parametrize("precision", ["bfloat16"])
def test_reduced_precision_trains(precision):
    made = recipe(
        strategy=strategy("fine_tune", early_lr=5e-3, late_lr=5e-3, head_lr=5e-3), precision=precision, epochs=12
    )
    events = list(fit(model(), feeds(), made))
    assert events[0].precision == precision
    assert events[-1].val_accuracy > 0.9


def test_float16_on_a_cpu_is_refused():
    with pytest.raises(RecipeError, match="float16 gains nothing on a CPU"):
        list(fit(model(), feeds(), recipe(precision="float16")))


def test_macro_f1_is_scikit_learn_s():
    from sklearn.metrics import f1_score

    draw = torch.Generator().manual_seed(0)
    scores, labels = torch.randn(200, 5, generator=draw), torch.randint(4, (200,), generator=draw)
    expected = f1_score(labels, scores.argmax(1), average="macro", labels=range(5), zero_division=0)
    assert macro_f1(scores, labels) == pytest.approx(expected)


def test_every_event_is_one_line_to_print():
    assert max(len(repr(event)) for event in fit(model(), feeds(), recipe(epochs=1))) < 400
