"""Runs as processes: they outlive who started them, stop on request, and their death is noticed and explained."""

import os
import signal
import time

import psutil
import pytest

from tlcore.errors import DataError, RecipeError, RunError
from tlcore.lock import is_held
from tlcore.runs.recorder import STEPS_PER_WRITE
from tlcore.strategies import strategy
from tlcore.training import Recipe

LONG = 5000


def recipe(dataset, **changes):
    return Recipe(**({"dataset": dataset.id, "backbone": "minilm", "epochs": 3} | changes))


def wait(studio, run, until, seconds=240):
    """Poll as a page does, until the run is as wished."""
    end = time.monotonic() + seconds
    while not until(run):
        assert time.monotonic() < end, f"still {run.status}, {run.activity}, {run.reason}\n{studio.log(run.id)}"
        time.sleep(0.05)
        run = studio.run(run.id)
    return run


def over(run):
    return not run.live


def training(run):
    return run.epoch >= 3


def test_a_run_from_launch_to_report(studio, messages):
    asked = recipe(messages, batch_size=32)  # so few steps that no write is thinned
    run = wait(studio, studio.launch(asked, name="first", user="ada"), over)
    assert (run.status, run.name, run.user, run.epochs) == ("finished", "first", "ada", 3)
    assert f"Epoch {run.best_epoch} was best on val" in run.reason
    points = studio.points(run.id)
    steps = [point for point in points if point.scope == "step"]
    epochs = [point for point in points if point.scope == "epoch"]
    n_train = len(messages.rows("train"))
    n_steps = 3 * -(-n_train // asked.batch_size)
    assert n_steps <= STEPS_PER_WRITE and [point.step for point in steps] == list(range(1, n_steps + 1))
    assert [point.epoch for point in epochs] == [1, 2, 3]
    assert set(epochs[0].values) == {"train_loss", "train_accuracy", "val_loss", "val_accuracy", "val_macro_f1"}
    best = max(epochs, key=lambda p: (p.values["val_accuracy"], -p.values["val_loss"]))
    assert (run.best_epoch, run.val_accuracy) == (best.epoch, best.values["val_accuracy"])
    assert run.report["split"] == "test"
    assert run.report["n"] == len(messages.rows("test")) == sum(map(sum, run.report["confusion"]))
    assert (run.report["accuracy"], run.report["macro_f1"]) == (run.test_accuracy, run.test_macro_f1)
    assert run.report["classes"] == list(messages.classes)


def test_the_kept_weights_score_what_the_report_says(studio, messages):
    import torch

    from tlcore.features.inputs import batch, reader
    from tlcore.training.checkpoint import load_weights
    from tlcore.zoo import backbone
    from tlcore.zoo.model import build

    run = next(run for run in studio.runs() if run.status == "finished")
    made = Recipe.from_dict(run.recipe)
    net = build(backbone(made.backbone), len(messages.classes), made.head)
    load_weights(net, studio.home / "runs" / run.id / "best.safetensors")
    rows = messages.rows("test")
    with torch.inference_mode():
        x = batch(reader(backbone(made.backbone)), [messages.sample(int(row)) for row in rows])
        predicted = net.eval()(x).argmax(1)
    assert (predicted.numpy() == messages.labels()[rows]).mean() == pytest.approx(run.test_accuracy)


def test_the_second_run_computes_no_features(studio, messages):
    def written() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in (studio.home / "features").rglob("*.npy")}

    wait(studio, studio.launch(recipe(messages)), over)
    before = written()
    run = wait(studio, studio.launch(recipe(messages, seed=1)), over)
    assert run.status == "finished" and before and written() == before
    assert not any("trial batch" in note.text for note in studio.notes(run.id))


def test_stop_keeps_the_best_epoch_and_is_safe_twice(studio, messages):
    run = wait(studio, studio.launch(recipe(messages, epochs=LONG)), training)
    asked = time.monotonic()
    assert studio.stop(run.id).status == "stopping"
    studio.stop(run.id)
    run = wait(studio, run, over)
    assert time.monotonic() - asked < 5
    assert run.status == "stopped" and "Stopped by request. Epoch" in run.reason
    assert run.test_accuracy is not None and run.report["epoch"] == run.best_epoch <= run.epoch < LONG
    assert studio.stop(run.id).status == "stopped"


def test_a_killed_worker_is_interrupted_with_the_signal(studio, messages):
    run = wait(studio, studio.launch(recipe(messages, epochs=LONG)), training)
    os.kill(run.pid, signal.SIGKILL)
    run = wait(studio, run, over)
    run = wait(studio, run, lambda run: "SIGKILL" in run.reason, seconds=5)
    assert run.status == "interrupted" and str(run.pid) in run.reason
    assert run.test_accuracy is None
    assert not is_held(studio.home / "runs" / run.id / "lock")


def test_runs_queue_for_the_slot_and_a_queued_one_can_be_withdrawn(studio, messages):
    first = wait(studio, studio.launch(recipe(messages, epochs=LONG)), training)
    second, third = studio.launch(recipe(messages)), studio.launch(recipe(messages))
    time.sleep(0.5)
    assert [studio.run(run.id).status for run in (second, third)] == ["queued", "queued"]
    assert studio.stop(third.id).status == "stopped"
    assert "before it began" in studio.run(third.id).reason
    studio.stop(first.id)
    assert wait(studio, second, over).status == "finished"


def test_a_run_outlives_its_nursery_and_its_death_is_noticed_without_one(studio, messages):
    run = wait(studio, studio.launch(recipe(messages, epochs=LONG)), training)
    nursery = psutil.Process(psutil.Process(run.pid).ppid())
    assert "tlcore.runs.nursery" in " ".join(nursery.cmdline())
    nursery.kill()
    nursery.wait(5)
    before = studio.run(run.id).step
    run = wait(studio, run, lambda run: run.step > before + 50)
    assert run.status == "running"
    assert not is_held(studio.home / "nursery" / "lock")
    os.kill(run.pid, signal.SIGKILL)
    run = wait(studio, run, over, seconds=10)
    assert run.status == "interrupted" and "ended without a word" in run.reason
    assert wait(studio, studio.launch(recipe(messages)), over).status == "finished"


def test_a_dead_run_keeps_no_slot_even_when_nobody_looks_at_it(studio, messages):
    run = wait(studio, studio.launch(recipe(messages, epochs=LONG)), training)
    nursery = psutil.Process(psutil.Process(run.pid).ppid())
    nursery.kill()
    os.kill(run.pid, signal.SIGKILL)
    nursery.wait(5)
    assert wait(studio, studio.launch(recipe(messages)), over).status == "finished"
    assert studio.store.run(run.id).status == "interrupted"


def test_what_cannot_work_never_starts(studio, messages):
    with pytest.raises(RecipeError, match="reads images, but the dataset .* holds texts"):
        studio.launch(recipe(messages, backbone="efficientnet_lite0"))
    with pytest.raises(DataError, match="no_such_data"):
        studio.launch(Recipe(dataset="no_such_data", backbone="minilm"))
    with pytest.raises(RunError, match="no run 'r0'"):
        studio.run("r0")


def test_a_failure_in_the_worker_is_a_sentence_and_the_log_keeps_the_rest(studio, messages):
    run = wait(studio, studio.launch(recipe(messages, device="cuda:7")), over)
    assert run.status == "failed"
    assert "Traceback" not in run.reason and run.reason.endswith(".")
    assert "Traceback" in studio.log(run.id)


def test_a_killed_run_resumes_as_if_nothing_had_happened(studio, messages):
    made = Recipe(dataset=messages.id, backbone="minilm", strategy=strategy("fine_tune", "text"), epochs=4, seed=5)
    whole = wait(studio, studio.launch(made), over)
    resumed = killed_and_resumed(studio, made)
    assert resumed.status == whole.status == "finished"
    assert losses(studio, resumed) == losses(studio, whole)
    assert (resumed.best_epoch, resumed.val_accuracy) == (whole.best_epoch, whole.val_accuracy)
    assert resumed.test_accuracy == whole.test_accuracy
    assert any("going on after step" in note.text for note in studio.notes(resumed.id))
    assert resumed.report["scorings"] == 1, "a run that was killed had not seen its test split"
    with pytest.raises(RunError, match="is finished: there is nothing to resume"):
        studio.resume(resumed.id)


def killed_and_resumed(studio, recipe):
    """A run whose worker is killed as soon as there is a state to go on from, and that then goes on to its end."""
    run = studio.launch(recipe)
    state = studio.home / "runs" / run.id / "state.pt"
    run = wait(studio, run, lambda run: state.exists() or over(run))
    os.kill(run.pid, signal.SIGKILL)
    assert wait(studio, run, over).status == "interrupted"
    return wait(studio, studio.resume(run.id), over)


def losses(studio, run):
    return [(p.scope, p.step, p.values["train_loss"]) for p in studio.points(run.id) if "train_loss" in p.values]
