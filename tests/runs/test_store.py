"""The store: write, read back, compare; and what happens when two do it at once."""

import threading

import pytest

from tlcore.errors import RunError
from tlcore.runs.store import Store, open_store


@pytest.fixture
def store(tmp_path):
    return Store(f"sqlite:///{tmp_path / 'test.db'}")


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


def test_many_writers_lose_nothing(tmp_path):
    url = f"sqlite:///{tmp_path / 'test.db'}"
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


def test_the_url_decides_where(tmp_path, monkeypatch):
    monkeypatch.setenv("TLSTUDIO_DATABASE_URL", f"sqlite:///{tmp_path / 'elsewhere.db'}")
    add(open_store(tmp_path / "unused"))
    assert (tmp_path / "elsewhere.db").exists()


def test_a_store_of_an_earlier_release_gets_the_columns_it_lacks(tmp_path):
    import sqlite3

    with sqlite3.connect(tmp_path / "tlstudio.db") as old:
        old.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, run TEXT, time FLOAT, level TEXT, text TEXT)")
        old.execute("INSERT INTO notes VALUES (1, 'r', 1.0, 'info', 'from before')")
    store = open_store(tmp_path)
    store.note("r", "from now", level="phase", step=7)
    assert [(note.text, note.level, note.step) for note in store.notes("r")] == [
        ("from before", "info", None),
        ("from now", "phase", 7),
    ]


def test_rewinding_forgets_what_lies_after_the_step(tmp_path):
    store = open_store(tmp_path)
    store.record("r", [{"scope": "step", "step": i, "epoch": 1, "time": 0.0, "values": {"x": i}} for i in (1, 2, 3)])
    store.note("r", "kept"), store.note("r", "kept too", step=2), store.note("r", "gone", step=3)
    store.rewind("r", 2)
    assert [point.step for point in store.points("r")] == [1, 2]
    assert [note.text for note in store.notes("r")] == ["kept", "kept too"]
