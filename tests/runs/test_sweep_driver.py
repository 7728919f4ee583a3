"""A sweep from its start to its winner: its driver may be killed, a budget ends it, and test is the winner's alone."""

import os
import signal
import time
from pathlib import Path

import pytest

from tlcore.errors import RunError
from tlcore.lock import is_held
from tlcore.runs.sweeps import Axis, Ledger, Plan, begin, cancel, resume, standing
from tlcore.runs.sweeps.begin import sweep_folder
from tlcore.shelf import shelf


def plan(dataset, *axes, **changes):
    first = (Axis(name="backbone", values=("minilm",)), Axis(name="strategy", values=("feature_extraction",)))
    return Plan(**({"dataset": dataset.id, "axes": (*first, *axes), "method": "grid", "pruning": False} | changes))


def wait(studio, sweep_id, until, seconds=240):
    end = time.monotonic() + seconds
    while not until(sweep := Ledger(studio.store).sweep(sweep_id)):
        log = sweep_folder(studio.home, sweep_id) / "log.txt"
        assert time.monotonic() < end, f"{sweep}\n{log.read_text() if log.exists() else 'no driver'}"
        time.sleep(0.1)
    return sweep


def over(sweep):
    return not sweep.live


def driver(studio, sweep_id):
    """The process that holds the sweep's lock."""
    import psutil

    name = str(sweep_folder(studio.home, sweep_id) / "log.txt")
    for process in psutil.process_iter():
        try:
            if str(Path(f"/proc/{process.pid}/fd/1").readlink()) == name:
                return process
        except OSError:
            continue
    return None


def test_a_killed_driver_loses_no_trial_and_launches_none_twice(studio, messages):
    axes = Axis(name="lr", values=(1e-4, 1e-2)), Axis(name="epochs", values=(2, 3))
    shelf(studio.home, "features").evict(0)  # other tests of this home may have left some
    sweep = begin(studio, plan(messages, *axes), user="ada")
    wait(studio, sweep.id, lambda one: any(run.best_epoch for run in studio.store.trials(sweep.id)))
    process = driver(studio, sweep.id)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(5)
    assert Ledger(studio.store).sweep(sweep.id).state == "running"
    sweep = wait(studio, sweep.id, over)
    runs = studio.store.trials(sweep.id)
    assert sweep.state == "finished", sweep.reason
    assert [run.trial for run in runs] == [1, 2, 3, 4]
    assert {(run.status, run.user) for run in runs} == {("finished", "ada")}
    assert len({(run.recipe["strategy"]["lr"], run.epochs) for run in runs}) == 4
    best = max(runs, key=lambda run: (run.val_accuracy, -run.trial))
    assert sweep.winner == best.id
    assert [run.id for run in runs if run.test_accuracy is not None] == [best.id], "test is the winner's alone"
    assert studio.run(best.id).report["scorings"] == 1
    said = [" ".join(note.text for note in studio.notes(run.id)) for run in runs]
    assert "306 of 306 samples passed the frozen backbone" in said[0]
    assert all("No sample passed the frozen backbone: what it says of all 306 was kept" in words for words in said[1:])
    stands = standing(sweep, Ledger(studio.store).trials(sweep.id), runs, len(messages.rows("val")), 1, time.time())
    assert stands.rows[0].run == best.id and stands.done == stands.most == 4
    low, high = stands.rows[0].interval
    assert low < best.val_accuracy < high
    with pytest.raises(RunError, match="is finished: only one that was stopped"):
        resume(studio, sweep.id)


def test_a_hopeless_trial_is_stopped_keeps_its_best_epoch_and_leaves_test_alone(studio, messages):
    axes = Axis(name="seed", values=(1, 2)), Axis(name="lr", values=(1e-3, 1e-7)), Axis(name="epochs", values=(150,))
    sweep = begin(studio, plan(messages, *axes, pruning=True, factor=2))
    sweep = wait(studio, sweep.id, lambda one: over(one) or _pruned(studio, sweep.id))
    (run, *_) = _pruned(studio, sweep.id)
    assert run.best_epoch <= run.epoch < 150
    assert "keep" in run.reason or "kept" in run.reason
    assert run.test_accuracy is None and studio.run(run.id).report is None
    assert (studio.home / "runs" / run.id / "best.safetensors").exists()
    cancel(studio, sweep.id)
    sweep = wait(studio, sweep.id, over)
    assert (sweep.state, sweep.reason) == ("stopped", "Cancelled.")
    assert not any(run.live or run.test_accuracy for run in studio.store.trials(sweep.id))


def _pruned(studio, sweep_id):
    runs = studio.store.trials(sweep_id)
    return [run for run in runs if run.status == "stopped" and run.reason.startswith("Pruned after epoch")]


def test_a_budget_stops_what_trains_and_what_is_impossible_is_said(studio, messages):
    axes = Axis(name="epochs", values=(9000,)), Axis(name="batch_size", values=(16, 0))
    sweep, short = begin(studio, plan(messages, *axes)), plan(messages, *axes, budget=0.5)
    wait(studio, sweep.id, lambda one: any(run.best_epoch for run in studio.store.trials(sweep.id)))
    wait(studio, sweep.id, lambda one: any(trial.problem for trial in Ledger(studio.store).trials(sweep.id)))
    Ledger(studio.store).update(sweep.id, plan=short.to_dict())
    sweep = wait(studio, sweep.id, over)
    assert (sweep.state, sweep.reason) == ("stopped", "The budget of 0.5 s is used up.")
    (run,) = studio.store.trials(sweep.id)
    assert run.status == "stopped" and any(
        "The budget of 0.5 s is used up" in note.text for note in studio.notes(run.id)
    )
    assert sweep.winner == run.id and run.test_accuracy is not None
    problems = [trial.problem for trial in Ledger(studio.store).trials(sweep.id) if trial.problem]
    assert len(problems) == 1 and "batch_size is a whole number" in problems[0]
    wait(studio, sweep.id, lambda one: not is_held(sweep_folder(studio.home, sweep.id) / "lock"))
