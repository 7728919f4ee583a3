"""A worker's run that breaks: what it had learned is kept, and why it broke is a sentence."""

from contextlib import closing

import pytest

from tests.conftest import end_processes
from tlcore.data import resolve
from tlcore.errors import DivergedError
from tlcore.runs import Studio, launcher, run_folder, worker
from tlcore.training import Recipe
from tlcore.training.events import EpochDone
from tlcore.training.loop import fit


@pytest.fixture
def queued(shared_home, monkeypatch):
    """A run that nobody but the test starts."""
    end_processes(shared_home)  # a nursery that earlier tests left would take it within seconds
    monkeypatch.setattr(launcher, "ring", lambda home: None)
    studio = Studio(shared_home)
    dataset = resolve("sample:messages", shared_home)
    run = studio.launch(Recipe(dataset=dataset.id, backbone="minilm", epochs=3))
    run_folder(shared_home, run.id).mkdir(parents=True)
    yield studio, run
    studio.store.end(run.id, "failed", "over")


def test_a_training_that_diverges_keeps_its_best_epoch(queued, monkeypatch):
    def diverging(*args, **kwargs):
        with closing(fit(*args, **kwargs)) as events:
            for event in events:
                yield event
                if isinstance(event, EpochDone):
                    raise DivergedError("The loss became nan at step 17, at a learning rate of 0.1. Use a tenth of it.")

    monkeypatch.setattr(worker, "fit", diverging)
    studio, run = queued
    assert worker.work(studio.home, run.id, run.claim) == 1
    ended = studio.store.run(run.id)
    assert (ended.status, ended.best_epoch, ended.test_accuracy) == ("failed", 1, None)
    assert ended.reason.startswith("The loss became nan at step 17, at a learning rate of 0.1.")
    assert (run_folder(studio.home, run.id) / "best.safetensors").stat().st_size > 10_000


def test_one_that_never_finished_an_epoch_keeps_nothing(queued, monkeypatch):
    def broken(*args, **kwargs):
        raise MemoryError
        yield

    monkeypatch.setattr(worker, "fit", broken)
    studio, run = queued
    assert worker.work(studio.home, run.id, run.claim) == 1
    ended = studio.store.run(run.id)
    assert ended.status == "failed" and "ran out of memory even with one sample at a time" in ended.reason
    assert not (run_folder(studio.home, run.id) / "best.safetensors").exists()
