"""Others are told of a run by a process beside its worker, and nothing about them reaches the training."""

import time
from pathlib import Path

import pytest

from tests.runs.listening import listening
from tests.runs.test_store import add
from tlcore.data import resolve
from tlcore.runs import Studio, companion, launcher, run_folder, worker
from tlcore.runs.companion import Outside, accompany, outside, shadow
from tlcore.runs.mirrors import MlflowMirror, TensorboardMirror
from tlcore.runs.mirrors.mlflow import flat
from tlcore.training import Recipe


@pytest.fixture
def studio(tmp_path):
    """One run that trained for three epochs of ten steps, and a folder with its weights."""
    made = Studio(tmp_path)
    recipe = Recipe(dataset="d", backbone="efficientnet_lite0", epochs=3)
    add(made.store, recipe=recipe.to_dict())
    made.store.update("r1", status="running", started=1000.0, host="elsewhere", step=30, epoch=3)
    record(made, 1, 31)
    run_folder(tmp_path, "r1").mkdir(parents=True)
    (run_folder(tmp_path, "r1") / "best.safetensors").write_bytes(b"weights")
    return made


def record(studio, first, after):
    for step in range(first, after):
        now = {"step": step, "epoch": (step - 1) // 10 + 1, "time": 1000.0 + step}
        points = [{"scope": "step", "values": {"train_loss": 1 / step, "lr head.*": 0.001}, **now}]
        points += [{"scope": "epoch", "values": {"val_loss": 2 / step}, **now}] if step % 10 == 0 else []
        studio.store.record("r1", points)


def finish(studio):
    studio.store.update("r1", test_accuracy=0.875, test_macro_f1=0.8, report={"accuracy": 0.875, "n": 8})
    studio.store.end("r1", "finished", "Epoch 3 was best on val and is kept.")


def scalars(folder: Path, tag):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    read.Reload()
    return [(event.step, round(event.value, 6), event.wall_time) for event in read.Scalars(tag)]


def test_tensorboard_reads_back_every_point_also_of_a_run_that_went_back(studio, tmp_path):
    logs = tmp_path / "logs"
    tensorboard = TensorboardMirror(logs)
    tensorboard.begin(studio.run("r1"))
    tensorboard.take(studio.points("r1"))
    tensorboard.close()  # killed
    studio.store.rewind("r1", 20)
    record(studio, 21, 26)
    finish(studio)
    shadow(studio, "r1", TensorboardMirror(logs), poll=0)
    (folder,) = logs.iterdir()
    assert folder.name == "r1 a run"
    expected = [(step, round(1 / step, 6), 1000.0 + step) for step in range(1, 26)]
    assert scalars(folder, "step/train_loss") == expected
    assert [step for step, *_ in scalars(folder, "epoch/val_loss")] == [10, 20]
    assert [step for step, *_ in scalars(folder, "step/lr head._")] == list(range(1, 26))
    assert scalars(folder, "test/accuracy")[0][:2] == (30, 0.875)


def test_mlflow_has_the_recipe_the_metrics_and_the_files_each_once(studio, tmp_path):
    from mlflow.tracking import MlflowClient

    address = f"sqlite:///{tmp_path / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=address)
    client.create_experiment("tlstudio", artifact_location=(tmp_path / "artifacts").as_uri())
    mirror = MlflowMirror(address)
    mirror.begin(studio.run("r1"))
    mirror.take(studio.points("r1"))
    finish(studio)
    shadow(studio, "r1", MlflowMirror(address), poll=0)  # a second life logs all of it again
    (found,) = client.search_runs([client.get_experiment_by_name("tlstudio").experiment_id])
    assert (found.info.run_name, found.info.status) == ("a run", "FINISHED")
    assert found.data.params["epochs"] == "3" and found.data.params["strategy.name"] == "feature_extraction"
    assert found.data.tags["dataset"] == "d" and found.data.tags["backbone"] == "efficientnet_lite0"
    losses = client.get_metric_history(found.info.run_id, "train_loss")
    assert [(m.step, m.value, m.timestamp) for m in losses] == [
        (step, 1 / step, 1_000_000 + 1000 * step) for step in range(1, 31)
    ]
    assert [m.step for m in client.get_metric_history(found.info.run_id, "epoch/val_loss")] == [10, 20, 30]
    assert found.data.metrics["test_accuracy"] == 0.875
    names = {file.path for file in client.list_artifacts(found.info.run_id)}
    assert names == {"best.safetensors", "recipe.toml", "report.json"}
    kept = tmp_path / "artifacts" / found.info.run_id / "artifacts" / "recipe.toml"
    assert Recipe.from_toml(kept.read_text()) == Recipe.from_dict(studio.run("r1").recipe)


def test_a_mirror_that_fails_is_fed_again_and_the_run_is_told_once(studio):
    class Flaky:
        name, begun, ended = "Flaky", 0, 0
        took: list[int]

        def begin(self, run):
            self.begun, self.took = self.begun + 1, []

        def take(self, points):
            if self.begun < 3:
                raise ConnectionError("no route")
            self.took += [point.step for point in points if point.scope == "step"]

        def end(self, run, folder):
            self.ended += 1

    finish(studio)
    mirror = Flaky()
    shadow(studio, "r1", mirror, poll=0.001)
    assert (mirror.begun, mirror.ended, mirror.took) == (3, 1, list(range(1, 31)))
    said = [note.text for note in studio.notes("r1") if note.level == "warning"]
    assert said == ["Flaky does not take this run's metrics (ConnectionError); the training goes on."]


def test_one_that_never_works_is_given_up(studio):
    class Lost:
        name = "Lost"

        def begin(self, run):
            raise TimeoutError

    finish(studio)
    shadow(studio, "r1", Lost(), poll=0.001, patience=0.02)
    assert studio.run("r1").status == "finished"


def test_what_is_missing_or_wrong_is_a_note_on_the_run(studio, monkeypatch):
    monkeypatch.setattr("tlcore.runs.mirrors.mirror.find_spec", lambda name: None)
    finish(studio)
    accompany(studio, "r1", Outside(mlflow="sqlite://", tensorboard="/nowhere", webhook="ftp://host"))
    said = "\n".join(sorted(note.text for note in studio.notes("r1") if note.level == "warning"))
    assert "MLFLOW_TRACKING_URI is set" in said and "pip install mlflow-skinny" in said
    assert "pip install tensorboard" in said
    assert "TLSTUDIO_WEBHOOK must be an http or https address, but begins with 'ftp'" in said


def test_an_end_is_told_once_however_many_companions_a_run_had(studio):
    finish(studio)
    with listening() as server:
        for _ in range(2):
            accompany(studio, "r1", Outside(webhook=server.url))
        assert len(server.came) == 1
        studio.store.update("r1", status="running", finished=None)
        studio.store.end("r1", "failed", "It went on, and broke.")
        accompany(studio, "r1", Outside(webhook=server.url))
        assert [told["event"] for told in server.came] == ["run.finished", "run.failed"]


def test_parameters_are_bounded():
    recipe = {"strategy": {"lr": 0.1, "name": "x" * 9000}, **{f"k{i}": i for i in range(999)}}
    found = flat(recipe)
    assert found["strategy.lr"] == "0.1" and len(found["strategy.name"]) == 500 and len(found) == 200


def test_nothing_is_started_where_nobody_is_to_be_told(monkeypatch, tmp_path):
    monkeypatch.setattr(companion.subprocess, "Popen", lambda *_, **__: pytest.fail("a process for nobody"))
    for name in ("TLSTUDIO_WEBHOOK", "MLFLOW_TRACKING_URI", "TLSTUDIO_TENSORBOARD"):
        monkeypatch.delenv(name, raising=False)
    companion.start(tmp_path, "r1")
    assert outside({"TLSTUDIO_WEBHOOK": " http://x "}).anybody


def test_a_real_run_tells_a_webhook_and_tensorboard(shared_home, monkeypatch, tmp_path):
    monkeypatch.setattr(launcher, "ring", lambda home: None)
    studio = Studio(shared_home)
    run = studio.launch(Recipe(dataset=resolve("sample:messages", shared_home).id, backbone="minilm", epochs=2))
    run_folder(shared_home, run.id).mkdir(parents=True)
    with listening() as server:
        monkeypatch.setenv("TLSTUDIO_WEBHOOK", server.url)
        monkeypatch.setenv("TLSTUDIO_TENSORBOARD", str(tmp_path / "logs"))
        assert worker.work(studio.home, run.id) == 0
        deadline = time.monotonic() + 120
        marked = run_folder(shared_home, run.id) / "companion"
        while not (marked.exists() and marked.read_text()):
            assert time.monotonic() < deadline, studio.log(run.id)
            time.sleep(0.05)
    run = studio.run(run.id)
    (told,) = server.came
    assert (told["run"], told["status"], told["test_accuracy"]) == (run.id, "finished", run.test_accuracy)
    (folder,) = (tmp_path / "logs").iterdir()
    steps = [point for point in studio.points(run.id) if point.scope == "step"]
    assert [step for step, *_ in scalars(folder, "step/train_loss")] == [point.step for point in steps]
