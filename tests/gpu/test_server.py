"""Runs on the GPU as a server has them: who touches CUDA, how many at once, and what a run leaves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runs.test_studio import killed_and_resumed, over, wait
from tlcore.device import machine
from tlcore.runs import Settings
from tlcore.runs.settings import keep
from tlcore.strategies import strategy
from tlcore.training import Recipe

GPU_FILE = "/dev/nvidia-uvm"
"""What a process has open once CUDA works in it, and not for asking the driver."""


def recipe(dataset, **changes):
    return Recipe(**({"dataset": dataset.id, "backbone": "efficientnet_lite0", "epochs": 4} | changes))


def computes(pid):
    folder = Path(f"/proc/{pid}/fd")
    return any(str(link.readlink()).startswith(GPU_FILE) for link in folder.iterdir())


def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def long(dataset, **changes):
    return recipe(dataset, strategy=strategy("fine_tune"), epochs=500, **changes)


def training(run):
    return run.epoch or not run.live


def test_a_worker_computes_on_the_gpu_and_its_nursery_never_does(studio, digits):
    run = wait(studio, studio.launch(long(digits)), training)
    assert run.live, run.reason
    assert computes(run.pid) and not computes(parent(run.pid))
    assert "nursery" in Path(f"/proc/{parent(run.pid)}/cmdline").read_text()
    run = wait(studio, studio.stop(run.id), over)
    assert run.status == "stopped" and run.best_epoch


def test_one_slot_for_each_gpu(studio, digits):
    n = len(machine().gpus)
    assert studio.slots() == n
    runs = [studio.launch(long(digits, seed=seed)) for seed in range(n + 1)]
    begun = [wait(studio, run, training) for run in runs[:n]]
    assert len({run.slot for run in begun}) == n
    (waiting,) = studio.queue()
    assert waiting.run.id == runs[n].id and "taken" in waiting.why
    for run in reversed(runs):
        wait(studio, studio.stop(run.id), over)


def test_more_slots_than_gpus_share_them(studio, digits):
    keep(studio.home, Settings(slots=2))
    try:
        runs = [wait(studio, studio.launch(long(digits, seed=seed)), training) for seed in (1, 2)]
        assert all(studio.run(run.id).live and computes(run.pid) for run in runs)
        for run in runs:
            wait(studio, studio.stop(run.id), over)
    finally:
        keep(studio.home, Settings())


def test_a_killed_run_goes_on_where_it_was(studio, digits):
    made = recipe(digits, strategy=strategy("fine_tune"), epochs=4, seed=5)
    whole = wait(studio, studio.launch(made), over)
    resumed = killed_and_resumed(studio, made)
    assert resumed.status == whole.status == "finished"
    assert losses(studio, resumed) == pytest.approx(losses(studio, whole), abs=0.02)  # convolutions vary in bfloat16
    assert resumed.test_accuracy == pytest.approx(whole.test_accuracy, abs=0.03)


def losses(studio, run):
    points = [point for point in studio.points(run.id) if point.scope == "epoch"]
    return [point.values["val_loss"] for point in points]


def test_what_the_gpu_trained_answers_the_same_on_the_cpu(studio, digits):
    run = wait(studio, studio.launch(recipe(digits, strategy=strategy("lora"), epochs=3)), over)
    assert run.status == "finished", run.reason
    pictures = pictures_of(digits, studio.home / "asked")
    answers = {}
    for device in ("cpu", "cuda"):
        command = [sys.executable, "-m", "tlcore", "predict", run.id, str(pictures), "--device", device, "--json"]
        environment = {**os.environ, "TLSTUDIO_HOME": str(studio.home)}
        said = subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout
        answers[device] = [json.loads(line) for line in said.splitlines()][:-1]
    assert len(answers["cpu"]) == len(answers["cuda"]) == 8
    for one, other in zip(answers["cpu"], answers["cuda"], strict=True):
        assert one["answer"] == other["answer"] and one["confidence"] == pytest.approx(other["confidence"], abs=0.05)


def pictures_of(dataset, folder):
    from PIL import Image

    folder.mkdir(exist_ok=True)
    for row in dataset.rows("test")[:8]:
        sample = dataset.sample(int(row))
        assert isinstance(sample, Image.Image)
        sample.save(folder / f"{row}.png")
    return folder


def test_an_export_of_it_passes_its_own_check(studio, digits, tmp_path):
    run = next(run for run in studio.runs() if run.status == "finished")
    command = [sys.executable, "-m", "tlcore", "export", run.id, "--format", "onnx", "--out", str(tmp_path), "--json"]
    environment = {**os.environ, "TLSTUDIO_HOME": str(studio.home)}
    said = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert said.returncode == 0, said.stderr
    assert list(tmp_path.rglob("*.onnx"))
