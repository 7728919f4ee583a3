"""What befalls a server: pauses, full disks, locked stores, restarts, two servers at once. No epoch is lost."""

import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from bench.soak import Soak
from tests.conftest import end_processes
from tests.runs.test_studio import LONG, over, recipe, training, wait
from tlcore.lock import is_held
from tlcore.runs import Settings, Studio, run_folder
from tlcore.runs.nursery import Nursery
from tlcore.training.schedules import Schedule

pytestmark = pytest.mark.timeout(600)
SERVER = """
import sys, time
from pathlib import Path
from tlcore.runs import Studio
from tlcore.training import Recipe
studio = Studio(Path(sys.argv[1]))
studio.warm()
print(studio.launch(Recipe.from_toml(sys.argv[2])).id, flush=True)
time.sleep(600)
"""


def epochs(studio, run):
    """Of each finished epoch its number and losses, as stored."""
    points = [point for point in studio.points(run.id) if point.scope == "epoch"]
    return [(point.epoch, point.values["train_loss"], point.values["val_loss"]) for point in points]


def nursery_of(run):
    return psutil.Process(psutil.Process(run.pid).ppid())


def state_of(studio, run):
    return run_folder(studio.home, run.id) / "state.pt"


def after(studio, run, epoch):
    """Stop it once it has come to a later epoch; its state then."""
    run = wait(studio, run, lambda run: run.epoch > epoch or over(run))
    assert run.status == "running", run.reason
    studio.stop(run.id)
    return wait(studio, run, over)


def assert_same(studio, one, other):
    """As far as both have come, with no epoch left out."""
    mine, theirs = epochs(studio, one), epochs(studio, other)
    both = min(len(mine), len(theirs))
    assert mine[:both] == theirs[:both]
    assert [number for number, *_ in mine] == list(range(1, len(mine) + 1))


def test_a_pause_frees_the_slot_and_the_run_goes_on_exactly(studio, messages):
    made = recipe(messages, epochs=LONG, seed=7)
    run = wait(studio, studio.launch(made), training)
    behind = studio.launch(recipe(messages, seed=7))
    assert {studio.pause(run.id).status for _ in range(2)} <= {"pausing", "paused"}, "twice is as good as once"
    run = wait(studio, run, over)
    assert run.status == "paused" and run.reason.startswith("Paused in epoch")
    assert wait(studio, behind, over).status == "finished", "the slot is free"
    assert studio.run(run.id).status == "paused" and not is_held(run_folder(studio.home, run.id) / "lock")
    assert state_of(studio, run).exists()
    resumed = after(studio, studio.resume(run.id), run.epoch + 3)
    whole = after(studio, studio.launch(made), run.epoch + 3)
    assert (resumed.status, resumed.claim, whole.claim) == ("stopped", 2, 1)
    assert_same(studio, resumed, whole)
    assert resumed.worked > 0 and resumed.seconds(time.time()) > run.seconds(time.time())


def test_stopping_a_paused_run_scores_its_best_epoch(studio, messages):
    run = wait(studio, studio.launch(recipe(messages, epochs=LONG)), training)
    studio.pause(run.id)
    run = wait(studio, run, over)
    assert (run.status, run.test_accuracy) == ("paused", None)
    stopped = wait(studio, studio.stop(run.id), over)
    assert stopped.status == "stopped" and stopped.report["epoch"] == stopped.best_epoch <= run.epoch + 1


def test_an_extended_run_is_the_run_that_was_planned_so(studio, messages):
    run = wait(studio, studio.launch(recipe(messages, seed=3, schedule=Schedule(name="cosine"))), over)
    extended = wait(studio, studio.extend(run.id, 2), over)
    planned = recipe(messages, seed=3, schedule=Schedule(name="cosine"), extensions=(2,))
    whole = wait(studio, studio.launch(planned), over)
    assert (extended.status, extended.epochs, extended.epoch) == ("finished", 5, 5)
    assert epochs(studio, extended) == epochs(studio, whole)
    assert (extended.test_accuracy, extended.report["scorings"]) == (whole.test_accuracy, 2)
    assert extended.recipe == whole.recipe


def test_a_full_disk_leaves_the_last_state_and_says_so(studio, messages):
    wide = {"head": {"hidden": [6000], "dropout": [0.0, 0.0]}}
    made = type(recipe(messages)).from_dict(recipe(messages, epochs=LONG).to_dict() | wide)
    run = studio.launch(made)
    run = wait(studio, run, lambda run: state_of(studio, run).exists() or over(run))
    size = state_of(studio, run).stat().st_size
    rest = studio.home / "tlstudio.db"
    limit = size // 2
    assert limit > rest.stat().st_size, "rows still fit"
    resource.prlimit(run.pid, resource.RLIMIT_FSIZE, (limit, limit))
    run = wait(studio, run, over)
    assert run.status == "interrupted" and run.reason.startswith("The disk is full, so the run's state could not be")
    assert state_of(studio, run).stat().st_size == size
    assert [path.name for path in run_folder(studio.home, run.id).glob(".new-*")] == []
    done = len(epochs(studio, run))
    run = wait(studio, studio.resume(run.id), lambda run: run.epoch > done or over(run))
    assert run.status == "running" and any("going on after step" in note.text for note in studio.notes(run.id))
    studio.stop(run.id)
    assert wait(studio, run, over).status == "stopped"


def test_a_locked_store_neither_ends_a_run_nor_loses_a_point(studio, messages):
    run = wait(studio, studio.launch(recipe(messages, epochs=LONG)), training)
    with sqlite3.connect(studio.home / "tlstudio.db", isolation_level=None) as backup:
        backup.execute("BEGIN IMMEDIATE")
        before = studio.run(run.id)
        time.sleep(4)
        assert studio.run(run.id).step == before.step, "nothing can be written"
        backup.execute("COMMIT")
    run = wait(studio, run, lambda run: run.epoch > before.epoch + 5 or over(run))
    assert run.status == "running"
    studio.stop(run.id)
    numbers = [number for number, *_ in epochs(studio, wait(studio, run, over))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_server_that_is_killed_finds_its_runs_again(studio, messages):
    command = [sys.executable, "-c", SERVER, str(studio.home), recipe(messages, epochs=LONG).to_toml()]
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(Path.cwd())}
    )
    assert server.stdout
    run = wait(studio, studio.run(server.stdout.readline().strip()), training)
    server.kill()
    server.wait()
    again = Studio(studio.home)
    again.warm()
    (found,) = [one for one in again.runs() if one.id == run.id]
    assert found.status == "running" and found.pid == run.pid
    run = wait(again, found, lambda run: run.epoch > found.epoch + 5)
    again.stop(run.id)
    run = wait(again, run, over)
    numbers = [number for number, *_ in epochs(again, run)]
    assert (run.status, run.claim, numbers) == ("stopped", 1, list(range(1, len(numbers) + 1)))


@pytest.mark.parametrize("auto", [False, True])
def test_after_a_restart_of_the_machine_queued_runs_start_and_others_as_configured(studio, messages, auto):
    run = wait(studio, studio.launch(recipe(messages, epochs=LONG, seed=9)), training)
    behind = studio.launch(recipe(messages, seed=9))
    nursery = nursery_of(run)
    nursery.kill()
    nursery.wait(10)
    os.kill(run.pid, signal.SIGKILL)
    studio.store.update(run.id, boot="the one before")
    again = Studio(studio.home, Settings(auto_resume=auto))
    again.warm()
    try:
        if auto:
            # Without a saved state it begins anew, and what was told of it is taken back for a moment.
            first = lambda: [number for number, *_ in epochs(again, run)][:4]  # noqa: E731
            run = wait(again, run, lambda run: run.claim == 2 and run.pid and first() == [1, 2, 3, 4])
            assert any("The machine restarted; the run goes on" in note.text for note in again.notes(run.id))
            again.stop(run.id)
        else:
            run = wait(again, again.run(run.id), over)
            assert run.status == "interrupted" and run.reason.startswith("The machine restarted during")
        assert wait(again, behind, over).status == "finished"
    finally:
        studio.warm()  # with its own settings


def test_two_servers_on_one_store_share_its_runs(studio, messages, postgres, monkeypatch, tmp_path):
    homes = [tmp_path / "one", tmp_path / "two"]
    for home in homes:
        shutil.copytree(studio.home, home, ignore=shutil.ignore_patterns("runs", "nursery", "jobs", "tlstudio.db*"))
    monkeypatch.setenv("TLSTUDIO_DATABASE_URL", postgres.database())
    one, two = (Studio(home) for home in homes)
    try:
        one.warm(), two.warm()
        wait_for_both = [one.launch(recipe(messages, epochs=LONG)) for _ in homes]
        wait_for_both = [wait(one, run, training) for run in wait_for_both]
        places = [
            [home.name for home in homes if (run_folder(home, run.id) / "log.txt").exists()] for run in wait_for_both
        ]
        assert sorted(places) == [["one"], ["two"]]
        short = [two.launch(recipe(messages, seed=seed)) for seed in range(3)]
        for run in wait_for_both:
            two.stop(run.id)
        ended = [wait(one, run, over) for run in (*wait_for_both, *short)]
        assert [run.status for run in ended] == ["stopped"] * 2 + ["finished"] * 3
        assert {run.claim for run in ended} == {1}
        assert all([number for number, *_ in epochs(one, run)] == [1, 2, 3] for run in ended[2:])
    finally:
        end_processes(tmp_path)


def test_a_nursery_survives_a_store_that_does_not_answer(home, monkeypatch):
    nursery = Nursery(home=home, lock=-1)
    (home / "tlstudio.db").unlink()
    (home / "tlstudio.db").mkdir()
    nursery.look()
    (home / "tlstudio.db").rmdir()
    Studio(home)
    nursery.look()
    assert nursery.swept


def test_killed_workers_lose_no_finished_epoch_and_leave_nothing_behind(shared_home):
    found = Soak(shared_home, seed=1).run(kills=3, epochs=30)
    assert found.kills >= 3 and found.runs >= 1
    assert (found.lost_epochs, found.backward, found.unreadable, found.orphans) == (0, 0, 0, 0)


def test_who_comes_second_to_a_run_leaves_no_lock_that_says_it_is_dead(home):
    words = dict.fromkeys(("name", "user", "dataset", "dataset_name", "modality", "backbone", "strategy"), "x")
    nursery = Nursery(home=home, lock=-1)
    run = nursery.store.create(id="contested", recipe={}, epochs=1, **words)
    assert nursery.store.take(run.id, host=socket.gethostname(), boot="", slot=0, activity="elsewhere") == 1
    nursery.start(run, 0)
    assert not nursery.children and not run_folder(home, run.id).exists()
    assert Studio(home).run(run.id).status == "running"
