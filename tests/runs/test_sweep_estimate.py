"""The pace that an estimate builds on: what runs of one pair took in their later epochs, and around them."""

from dataclasses import replace

import pytest

from tests.pages.conftest import make_run
from tlcore.data import add_sample
from tlcore.runs import Studio, launcher
from tlcore.runs.sweeps import Axis, Ledger, Plan, at_work, standing
from tlcore.runs.sweeps.begin import begin
from tlcore.runs.sweeps.driver import _Clock
from tlcore.runs.sweeps.estimate import estimate, paces

PAIR = ("efficientnet_lite0", "feature_extraction")


@pytest.fixture(autouse=True)
def no_driver(monkeypatch):
    """The rows are the test's alone."""
    monkeypatch.setattr(launcher, "ring", lambda home: None)


def lived(studio, dataset, first, *, each=0.5, epochs=4, around=1.0):
    """A finished run whose first epoch took `first` seconds more, for the features that later runs read."""
    times = [first + each * epoch for epoch in range(1, epochs + 1)]
    run = make_run(studio, dataset=dataset.id, epochs=epochs, status="finished", epoch=epochs, started=1.0)
    points = [
        {"scope": "epoch", "step": epoch, "epoch": epoch, "time": time, "values": {"val_accuracy": 0.5}}
        for epoch, time in enumerate(times, 1)
    ]
    studio.store.record(run.id, points, finished=1.0 + times[-1] + around)
    return studio.store.run(run.id)


def test_features_of_the_first_run_are_no_part_of_the_pace(tmp_path):
    studio = Studio(tmp_path)
    dataset = add_sample("digits", tmp_path)
    for first in (120.0, 0.0):
        lived(studio, dataset, first)
    axes = tuple(Axis(name=name, values=(value,)) for name, value in zip(("backbone", "strategy"), PAIR, strict=True))
    plan = Plan(dataset=dataset.id, axes=(*axes, Axis(name="epochs", values=(10, 20))), method="grid")
    known = paces(plan, dataset, studio)
    assert (known[PAIR].per_epoch, known[PAIR].start, known[PAIR].once) == (0.5, 1.0, 0.0)
    assert estimate(plan, known, 1).seconds == (5.0 + 1.0) + (10.0 + 1.0) + 1.0, "and the winner is scored"


def test_what_is_left_follows_the_estimate_until_a_few_trials_are_over(tmp_path):
    studio = Studio(tmp_path)
    dataset = add_sample("digits", tmp_path)
    axes = tuple(Axis(name=name, values=(value,)) for name, value in zip(("backbone", "strategy"), PAIR, strict=True))
    plan = Plan(dataset=dataset.id, axes=(*axes, Axis(name="seed", values=tuple(range(8)))), method="grid")
    sweep = begin(studio, plan, estimate=140.0)
    assert [sweep.name, begin(studio, plan).name] == [f"Sweep{n} on {dataset.name}" for n in ("", " 2")]
    runs = [lived(studio, dataset, first) for first in (120.0, 0.0, 0.0)]

    def left(n):
        return standing(sweep, (), runs[:n], 0, 1, 0.0).left

    assert left(0) == left(1) == 140.0, "by the first trial alone it would be 8 times its 123 s"
    assert left(3) == 3.0 * 8
    bare = replace(sweep, estimate=None, plan=replace(plan, budget=1800.0).to_dict())
    stands = standing(bare, (), (), 0, 1, 0.0)
    assert (stands.left, stands.limit) == (None, 1800.0), "a budget is a bound and no estimate"


def test_a_sweep_that_ended_early_keeps_its_plan_and_its_trials_keep_what_training_took(tmp_path):
    studio = Studio(tmp_path)
    dataset = add_sample("digits", tmp_path)
    axes = tuple(Axis(name=name, values=(value,)) for name, value in zip(("backbone", "strategy"), PAIR, strict=True))
    sweep = begin(studio, Plan(dataset=dataset.id, axes=axes, method="random", trials=30))
    trial = {"dataset": dataset.id, "sweep": sweep.id, "finished": 90.0, "epochs": 4}
    scored = make_run(
        studio, **trial, trial=1, status="finished", started=50.0, worked=12.0, val_accuracy=0.5, test_accuracy=0.5
    )
    cut = {"status": "stopped", "reason": "Pruned after epoch 1: hopeless.", "epoch": 2, "step": 15, "steps": 40}
    make_run(studio, **trial, trial=2, started=80.0, val_accuracy=0.25, **cut)
    make_run(studio, **trial, trial=3, started=None, status="stopped", reason="Withdrawn before it began.")
    ledger = Ledger(studio.store)
    for number in (1, 2, 3):
        ledger.propose(sweep.id, number, {"backbone": PAIR[0], "strategy": PAIR[1]})
    ledger.update(sweep.id, state="stopped", winner=scored.id)
    stands = standing(ledger.sweep(sweep.id), ledger.trials(sweep.id), studio.store.trials(sweep.id), 0, 1, 0.0)
    assert (stands.done, stands.most) == (2, 30)
    assert [(row.state, row.seconds) for row in stands.rows] == [("finished", 12), ("pruned", 10), ("withdrawn", 0)]
    assert stands.rows[1].epoch == 1, "it was in its second epoch"


def test_waiting_behind_other_people_costs_no_budget(tmp_path):
    studio = Studio(tmp_path)
    dataset = add_sample("digits", tmp_path)
    axes = tuple(Axis(name=name, values=(value,)) for name, value in zip(("backbone", "strategy"), PAIR, strict=True))
    sweep, ledger = begin(studio, Plan(dataset=dataset.id, axes=axes, budget=60.0)), Ledger(studio.store)
    clock = _Clock(ledger=ledger, sweep=sweep.id)
    run = make_run(studio, dataset=dataset.id, sweep=sweep.id, trial=1)
    for now, status in (
        (0.0, "queued"),
        (1000.0, "queued"),
        (1003.0, "running"),
        (1006.0, "pausing"),
        (2000.0, "paused"),
    ):
        studio.store.update(run.id, status=status)
        clock.tick(at_work(studio.store.trials(sweep.id)), now)
    assert ledger.sweep(sweep.id).worked == 6.0
