"""The store: write, read back, compare; and what happens when two do it at once."""

import threading

import psutil
import pytest

from tlcore.data import add_sample, load_dataset
from tlcore.errors import DataError, RunError
from tlcore.runs import jobs
from tlcore.runs.deletion import delete_dataset
from tlcore.runs.store import Store, open_store


def add(store, run_id="r1", **changes):
    values = {
        "id": run_id,
        "name": "a run",
        "user": "ada",
        "dataset": "d",
        "dataset_name": "cats",
        "modality": "image",
        "backbone": "efficientnet_lite0",
        "strategy": "feature_extraction",
        "recipe": {"epochs": 3, "strategy": {"lr": 0.001}},
        "epochs": 3,
    }
    return store.create(**(values | changes))


def test_a_run_reads_back_as_written(store):
    run = add(store)
    assert (run.status, run.user, run.recipe["strategy"]["lr"]) == ("queued", "ada", 0.001)
    assert run.live and run.seconds(run.created + 5) == 0
    store.update("r1", status="running", started=100.0)
    assert store.run("r1").seconds(107.5) == 7.5
    assert store.runs() == (store.run("r1"),)


def test_an_unknown_run_is_named(store):
    with pytest.raises(RunError, match="no run 'nope'"):
        store.run("nope")


def test_points_come_in_order_and_only_newer_ones(store):
    add(store)
    points = [
        {"scope": "step", "step": step, "epoch": 1, "time": float(step), "values": {"train_loss": 1 / step}}
        for step in range(1, 6)
    ]
    store.record("r1", points[:3], step=3)
    held = store.points("r1")
    store.record("r1", points[3:], step=5)
    newer = store.points("r1", after=held[-1].id)
    assert [point.step for point in held + newer] == [1, 2, 3, 4, 5]
    assert newer[-1].values == {"train_loss": 0.2}
    assert store.run("r1").step == 5
    assert store.points("another") == ()


def test_a_change_of_state_happens_once(store):
    add(store)
    assert store.update("r1", where=("queued",), status="running")
    assert not store.update("r1", where=("queued",), status="running")
    assert store.end("r1", "finished", "done", where=("running",))
    assert not store.end("r1", "interrupted", "too late")
    assert store.run("r1").reason == "done"
    assert [note.text for note in store.notes("r1")] == ["done"]


def test_commands_are_heard_once(store):
    add(store)
    store.command("r1", "stop")
    ((first, command),) = store.commands("r1")
    assert command == "stop"
    assert store.commands("r1", after=first) == ()


def test_runs_are_newest_first_and_without_their_reports(store):
    for name in ("r1", "r2", "r3"):
        add(store, name)
        store.update(name, report={"accuracy": 0.5}, status="finished" if name == "r2" else "queued")
    assert [run.id for run in store.runs()] == ["r3", "r2", "r1"]
    assert [run.id for run in store.runs(status=("finished",))] == ["r2"]
    assert store.runs(limit=1)[0].report is None
    assert store.run("r2").report == {"accuracy": 0.5}


def test_many_writers_lose_nothing(url):
    add(Store(url))

    def write(epoch):
        mine = Store(url)
        for step in range(25):
            mine.record("r1", [{"scope": "step", "step": step, "epoch": epoch, "time": 0.0, "values": {}}])

    threads = [threading.Thread(target=write, args=(epoch,)) for epoch in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    points = Store(url).points("r1")
    assert len(points) == 100
    assert {point.epoch for point in points} == {0, 1, 2, 3}


def test_a_file_that_was_put_back_from_a_backup_is_the_one_that_is_read(tmp_path):
    url, backup = f"sqlite:///{tmp_path / 'a.db'}", f"sqlite:///{tmp_path / 'b.db'}"
    store = Store(url, keeps=True)
    add(store), add(Store(backup), "r2")
    assert store.has("r1")
    for left in tmp_path.glob("a.db-*"):
        left.unlink()
    (tmp_path / "b.db").replace(tmp_path / "a.db")
    assert store.has("r2") and not store.has("r1")
    store.note("r2", "written where others read")
    assert [note.text for note in Store(url).notes("r2")] == ["written where others read"]


@pytest.mark.parametrize("keeps", [True, False])
def test_connections_stay_where_they_are_kept_and_only_there(tmp_path, keeps):
    store = Store(f"sqlite:///{tmp_path / 'test.db'}", keeps=keeps)
    add(store)
    opened = {file.path for file in psutil.Process().open_files()}
    assert (str(tmp_path / "test.db") in opened) == keeps


def test_the_url_decides_where(tmp_path, monkeypatch):
    monkeypatch.setenv("TLSTUDIO_DATABASE_URL", f"sqlite:///{tmp_path / 'elsewhere.db'}")
    add(open_store(tmp_path / "unused"))
    assert (tmp_path / "elsewhere.db").exists()


def test_rewinding_forgets_what_lies_after_the_step(store):
    store.record("r", [{"scope": "step", "step": i, "epoch": 1, "time": 0.0, "values": {"x": i}} for i in (1, 2, 3)])
    store.note("r", "kept"), store.note("r", "kept too", step=2), store.note("r", "gone", step=3)
    store.rewind("r", 2)
    assert [point.step for point in store.points("r")] == [1, 2]
    assert [note.text for note in store.notes("r")] == ["kept", "kept too"]


def test_a_queued_run_is_taken_once(url):
    add(Store(url))
    claims: list[int | None] = []
    threads = [threading.Thread(target=lambda: claims.append(Store(url).take("r1", host="here"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claims, key=str) == [1, None, None, None, None, None]
    assert (Store(url).run("r1").status, Store(url).run("r1").host) == ("running", "here")


def test_a_worker_whose_run_was_taken_over_writes_nothing_more(store):
    add(store)
    first = store.take("r1")
    store.end("r1", "interrupted", "silent")
    store.update("r1", status="queued")
    second = store.take("r1")
    point = {"scope": "step", "step": 1, "epoch": 1, "time": 0.0, "values": {"train_loss": 1.0}}
    line = {"time": 0.0, "level": "info", "text": "late", "step": None}
    assert not store.record("r1", [point], notes=[line], claim=first, step=1)
    assert not store.end("r1", "finished", "late", claim=first)
    assert (store.points("r1"), store.run("r1").step, store.run("r1").status) == ((), 0, "running")
    before = store.run("r1").beat
    assert store.record("r1", [point], notes=[line], claim=second, step=1)
    assert [note.text for note in store.notes("r1")] == ["silent", "late"]
    assert store.run("r1").beat == before + 1


def test_new_runs_queue_behind_the_others_whatever_the_clock_says(store, monkeypatch):
    add(store, "r1")
    monkeypatch.setattr("time.time", lambda: 1000.0)
    assert add(store, "r2").place > store.run("r1").place
    assert store.run("r2").created == 1000.0


def test_a_deleted_run_leaves_no_row(store):
    for name in ("r1", "r2"):
        add(store, name)
        store.note(name, "a line")
        store.record(name, [{"scope": "step", "step": 1, "epoch": 1, "time": 0.0, "values": {}}])
        store.command(name, "stop")
    assert not store.delete("r1", where=("finished",)), "it is queued"
    assert store.delete("r1", where=("queued",)) and not store.delete("r1", where=("queued",))
    assert (store.points("r1"), store.notes("r1"), store.commands("r1")) == ((), (), ())
    assert len(store.points("r2")) == len(store.notes("r2")) == len(store.commands("r2")) == 1


def test_what_a_database_refuses_is_left_out(store):
    add(store, name="nul \0 and half \ud83d")
    values = {"train_loss": 1.0, "grad_norm": float("inf")}
    store.record("r1", [{"scope": "step", "step": 1, "epoch": 1, "time": 0.0, "values": values}])
    store.update("r1", report={"auc": float("nan"), "per_class": [{"f1": 0.5}]}, tags=["a\0b"])
    run = store.run("r1")
    assert run.name == "nul  and half ?"
    assert store.points("r1")[0].values == {"train_loss": 1.0}
    assert (run.report, run.tags) == ({"auc": None, "per_class": [{"f1": 0.5}]}, ["ab"])


def test_a_dataset_goes_with_what_was_asked_about_it_and_not_while_a_run_reads_it(home):
    store, dataset = open_store(home), add_sample("messages", home)
    add(store, dataset=dataset.id, status="running")
    asked = [{"dataset": one, "scores": ["h_score"]} for one in (dataset.id, "another")]
    for about in asked:
        jobs.ask(home, "rank", about)
    with pytest.raises(DataError, match="live \\(r1\\)"):
        delete_dataset(store, dataset)
    assert load_dataset(home, dataset.id) and len(jobs.waiting(home)) == 2
    store.update("r1", status="finished")
    delete_dataset(store, dataset)
    assert [jobs.look(home, "rank", about).status for about in asked] == ["new", "waiting"]
    with pytest.raises(DataError):
        load_dataset(home, dataset.id)
