"""What can be done to a run, in rows: safe twice and from two tabs, and only by its owner."""

import os

import pytest

from tests.runs.test_store import add
from tlcore.errors import RecipeError, RunError
from tlcore.lock import take
from tlcore.runs import Settings, Studio, deletion, jobs, launcher, liveness, run_folder
from tlcore.runs.deletion import MARK, sweep
from tlcore.runs.records import REST
from tlcore.runs.settings import keep, kept
from tlcore.training import Recipe


@pytest.fixture
def studio(home, monkeypatch):
    """One whose runs nobody starts."""
    monkeypatch.setattr(launcher, "ensure", lambda home: None)
    return Studio(home, Settings())


def made(studio, name="r1", status="queued", **columns):
    add(studio.store, name, recipe=Recipe(dataset="d", backbone="minilm", epochs=3).to_dict())
    studio.store.update(name, status=status, host="elsewhere", **columns)
    return name


@pytest.mark.parametrize(
    ("verb", "before", "after", "orders"),
    [
        ("stop", "running", "stopping", ["stop"]),
        ("stop", "pausing", "stopping", ["stop"]),
        ("stop", "queued", "stopped", []),
        ("stop", "finished", "finished", []),
        ("withdraw", "queued", "stopped", []),
        ("withdraw", "running", "running", []),
        ("pause", "running", "pausing", ["pause"]),
        ("pause", "queued", "paused", []),
        ("pause", "stopping", "stopping", []),
        ("pause", "interrupted", "interrupted", []),
        ("resume", "paused", "queued", []),
        ("resume", "interrupted", "queued", []),
        ("resume", "running", "running", []),
    ],
)
def test_a_control_acts_once_however_often_it_is_pressed(studio, verb, before, after, orders):
    name = made(studio, status=before)
    other_tab = Studio(studio.home, Settings())
    for tab in (studio, other_tab, studio):
        assert getattr(tab, verb)(name, user="ada").status == after
    assert [order for _, order in studio.store.commands(name)] == orders


def test_stopping_a_paused_run_has_its_best_epoch_scored(studio):
    name = made(studio, status="paused", best_epoch=2)
    studio.store.command(name, "pause")
    for _ in range(2):
        run = studio.stop(name)
        if run.status == "queued":
            assert run.activity == "waiting to score its best epoch"
            assert [order for _, order in studio.store.commands(name)] == ["stop"]
            studio.store.update(name, status="paused")
    studio.store.update(name, status="paused", best_epoch=None)
    assert studio.stop(name).status == "stopped", "there is nothing to score"


def test_waiting_is_not_counted_as_work(studio):
    name = made(studio, status="interrupted", started=100.0, finished=130.0)
    assert studio.run(name).seconds(9999) == 30
    assert studio.resume(name).seconds(9999) == 30
    studio.store.take(name)
    run = studio.store.run(name)
    assert run.worked == 30 and run.seconds(run.started + 5) == 35


def test_only_the_owner_controls_unless_everybody_may(studio):
    name = made(studio, status="running")
    for verb in ("stop", "pause", "resume", "withdraw", "delete"):
        with pytest.raises(RunError, match=f"Run r1 belongs to 'ada': only its owner can {verb} it. Ask its owner"):
            getattr(studio, verb)(name, user="bo")
    with pytest.raises(RunError, match="only its owner can rename it"):
        studio.rename(name, "mine", user="bo")
    run = studio.run(name)
    assert studio.may(run, "ada") and studio.may(run, None) and not studio.may(run, "bo") and not studio.may(run, "")
    open_house = Studio(studio.home, Settings(anyone_controls=True))
    assert open_house.stop(name, user="bo").status == "stopping"
    studio.store.update(name, user="")
    assert studio.may(studio.run(name), "bo"), "nobody's run obeys anybody"


def test_names_tags_and_notes_are_bounded_and_clean(studio):
    name = made(studio)
    assert studio.rename(name, " Tulips\nand\x00 roses ").name == "Tulips and roses"
    assert studio.tag(name, ["good", " good ", "", "v\t2"]).tags == ["good", "v 2"]
    assert studio.remark(name, "first\r\nsecond  \x07").remark == "first\nsecond"
    assert studio.star(name, True).starred and not studio.star(name, False).starred
    with pytest.raises(RunError, match="A name has at most 120 characters; got 121. Shorten it."):
        studio.rename(name, "x" * 121)
    with pytest.raises(RunError, match="needs a name"):
        studio.rename(name, " \n")
    with pytest.raises(RunError, match="at most 20 tags; got 21"):
        studio.tag(name, [str(i) for i in range(21)])
    with pytest.raises(RunError, match="A note has at most 4,000 characters"):
        studio.remark(name, "x" * 4001)


def test_one_s_own_runs_can_be_put_in_another_order(studio):
    for name in ("r1", "r2", "r3"):
        made(studio, name)
    add(studio.store, "theirs", user="bo")

    def line():
        return [one.run.id for one in studio.queue() if one.run.user == "ada"]

    assert line() == ["r1", "r2", "r3"]
    studio.move("r3", "r1", user="ada"), studio.move("r3", "r1", user="ada")
    assert line() == ["r3", "r1", "r2"]
    studio.move("r2", "r1")
    assert line() == ["r3", "r2", "r1"]
    studio.move("r3", None)
    assert line() == ["r2", "r1", "r3"]
    with pytest.raises(RunError, match="theirs does not wait in the same person's queue"):
        studio.move("r1", "theirs")
    assert [one.run.id for one in studio.queue()][:2] in (["r2", "theirs"], ["theirs", "r2"])


def test_extending_adds_epochs_to_the_recipe(studio):
    name = made(studio, status="finished", report={"accuracy": 0.5}, test_accuracy=0.5)
    run = studio.extend(name, 2)
    assert (run.status, run.epochs, run.recipe["extensions"], run.test_accuracy) == ("queued", 5, [2], None)
    with pytest.raises(RunError, match="is queued: only a finished run can be extended"):
        studio.extend(name, 2)
    studio.store.update(name, status="finished")
    assert studio.extend(name, 4).recipe["extensions"] == [2, 4]
    studio.store.update(name, status="finished")
    with pytest.raises(RecipeError, match="from 1 to 10,000; got 0"):
        studio.extend(name, 0)


def test_a_duplicate_is_the_recipe_with_changes(home, monkeypatch):
    from tlcore.data import add_sample

    monkeypatch.setattr(launcher, "ensure", lambda home: None)
    studio, dataset = Studio(home, Settings()), add_sample("messages", home)
    run = studio.launch(Recipe(dataset=dataset.id, backbone="minilm", epochs=3), name="first", user="ada")
    copy = studio.duplicate(run.id, {"seed": 3, "strategy": {"lr": 0.01}}, user="bo")
    assert (copy.name, copy.user, copy.status) == ("first (copy)", "bo", "queued")
    assert copy.id != run.id and copy.place > run.place
    assert copy.recipe == {**run.recipe, "seed": 3, "strategy": {**run.recipe["strategy"], "lr": 0.01}}
    with pytest.raises(RecipeError, match="A recipe has no 'sed'"):
        studio.duplicate(run.id, {"sed": 3})


def test_deleting_removes_rows_and_files_but_never_a_live_run(studio):
    name = made(studio, status="finished")
    folder = run_folder(studio.home, name)
    (folder / "adapter").mkdir(parents=True)
    (folder / "best.safetensors").write_bytes(b"x")
    studio.store.update(name, status="running")
    with pytest.raises(RunError, match="waits or works: stop it before deleting it"):
        studio.delete(name)
    assert (folder / "best.safetensors").exists() and not (folder / MARK).exists()
    studio.store.update(name, status="finished")
    about, other = ({"run": run, "split": "val", "epoch": 1} for run in (name, "r2"))
    for one in (about, other):
        jobs.ask(studio.home, "predictions", one)
    studio.delete(name, user="ada")
    assert not folder.exists()
    assert jobs.look(studio.home, "predictions", about).status == "new", "what was asked about it goes too"
    assert jobs.look(studio.home, "predictions", other).status != "new"
    with pytest.raises(RunError, match="There is no run 'r1'"):
        studio.delete(name)


def test_a_deletion_cut_short_is_finished_later_and_touches_no_run_that_is_there(studio, monkeypatch):
    gone, there = (made(studio, name, status="finished") for name in ("gone", "there"))
    for name in (gone, there):
        run_folder(studio.home, name).mkdir(parents=True)
        (run_folder(studio.home, name) / "state.pt").write_bytes(b"x")
    with monkeypatch.context() as patch:
        patch.setattr(deletion, "_remove", lambda folder: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            studio.delete(gone)
    (run_folder(studio.home, there) / MARK).touch()  # as by one that was cut short before the rows went
    sweep(studio.store, studio.home)
    assert not run_folder(studio.home, gone).exists()
    assert (run_folder(studio.home, there) / "state.pt").exists() and studio.run(there).status in REST


def test_a_worker_that_is_still_ending_is_waited_for(studio, monkeypatch):
    monkeypatch.setattr(deletion, "WAIT_SECONDS", 0.2)
    name = made(studio, status="finished")
    lock = take(run_folder(studio.home, name) / "lock")
    with pytest.raises(RunError, match="still ending"):
        studio.delete(name)
    os.close(lock)
    studio.delete(name)


def test_a_worker_elsewhere_is_dead_when_its_count_stands_still_by_the_reader_s_stopwatch(studio, monkeypatch):
    name = made(studio)
    studio.store.take(name, host="elsewhere")
    stopwatch = [0.0]
    watch = liveness.Watch(silence=90.0, clock=lambda: stopwatch[0])

    def look():
        return liveness.noticed(studio.store, studio.home, studio.store.run(name), watch).status

    for clock in (1e9, 0.0, 4e9):  # whatever the clocks on the walls say
        monkeypatch.setattr("time.time", lambda clock=clock: clock)
        stopwatch[0] += 80
        studio.store.record(name, claim=1)
        assert look() == "running"
    stopwatch[0] += 80
    assert look() == "running"
    stopwatch[0] += 20
    assert look() == "interrupted"
    assert "Its worker on elsewhere has given no sign of life for 90 seconds" in studio.store.run(name).reason


def test_settings_are_checked_and_the_server_s_count_for_all(home, monkeypatch):
    read = Settings.read({"TLSTUDIO_SLOTS": "3", "TLSTUDIO_AUTO_RESUME": "yes"})
    assert (read.slots, read.auto_resume, read.anyone_controls, read.n_slots()) == (3, True, False, 3)
    for environment, words in (
        ({"TLSTUDIO_SLOTS": "many"}, "TLSTUDIO_SLOTS is a whole number from 1 to 64; got 'many'"),
        ({"TLSTUDIO_SLOTS": "0"}, "from 1 to 64; got 0"),
        ({"TLSTUDIO_ANYONE_CONTROLS": "perhaps"}, "TLSTUDIO_ANYONE_CONTROLS is 1 or 0; got 'perhaps'"),
    ):
        with pytest.raises(RunError, match=words):
            Settings.read(environment)
    monkeypatch.setenv("TLSTUDIO_SLOTS", "5")
    assert kept(home).slots == 5, "no server has said anything yet"
    keep(home, read)
    assert kept(home) == read
