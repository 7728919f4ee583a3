"""Events become rows: few writes however many steps, spikes kept, orders heard."""

import pytest

from tests.runs.test_store import add
from tlcore.errors import StoreError
from tlcore.features.feeds import Embedding
from tlcore.runs.patience import MOST_SECONDS
from tlcore.runs.recorder import STEPS_PER_WRITE, Recorder, TakenOverError
from tlcore.runs.store import Store
from tlcore.training.events import EpochDone, Evaluated, RunStarted, StepDone, Warned


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class Data:
    """100 samples to embed, of which some are done at 10 a second."""

    done = 0

    def embedding(self):
        return Embedding(done=self.done, total=100, seconds=self.done / 10, fresh=self.done)


class Counting(Store):
    writes = 0

    def record(self, *args, **values):
        self.writes += 1
        return super().record(*args, **values)


@pytest.fixture
def scene(tmp_path):
    store, clock, data = Counting(f"sqlite:///{tmp_path / 'test.db'}"), Clock(), Data()
    add(store)
    recorder = Recorder(store, "r1", data, clock=clock, now=clock)
    recorder.take(RunStarted(epochs=2, steps=2000, trainable=10, total=20))
    return store, clock, data, recorder


def step(number, loss=0.5):
    return StepDone(step=number, epoch=1, loss=loss, accuracy=0.75, lrs={"head": 0.001})


def test_at_most_five_writes_a_second_and_the_spike_stays(scene):
    store, clock, _, recorder = scene
    before = store.writes
    for number in range(1, 2001):
        clock.now += 0.001
        recorder.take(step(number, loss=9.0 if number == 777 else 0.5))
    recorder.flush()
    assert store.writes - before <= 2 * 5 + 1
    points = store.points("r1")
    assert len(points) <= STEPS_PER_WRITE * (store.writes - before)
    assert [point.step for point in points] == sorted(point.step for point in points)
    assert max(points, key=lambda point: point.values["train_loss"]).step == 777
    assert store.run("r1").step == 2000


def test_slow_steps_are_all_kept(scene):
    store, clock, _, recorder = scene
    for number in range(1, 8):
        clock.now += 0.5
        recorder.take(step(number))
    assert [point.step for point in store.points("r1")] == list(range(1, 8))


def test_the_estimate_counts_samples_to_embed_and_steps_to_take(scene):
    store, clock, data, recorder = scene
    data.done = 40
    clock.now += 4 + 1
    recorder.take(step(100))
    run = store.run("r1")
    assert run.eta is None, "what comes first is slower than the rest"
    assert run.activity == "epoch 1 of 2, embedding each sample once: 40 of 100"
    clock.now += 2
    recorder.take(step(200))
    run = store.run("r1")
    assert run.eta == pytest.approx(60 / 10 + 1800 * (2 / 100))
    assert run.activity == "epoch 1 of 2"


def test_the_best_epoch_and_scoring_are_shown(scene):
    store, clock, _, recorder = scene
    losses = {"train_loss": 1.0, "train_accuracy": 0.5, "val_loss": 0.9}
    recorder.take(EpochDone(epoch=1, step=10, val_accuracy=0.8, best=True, **losses))
    recorder.take(EpochDone(epoch=2, step=20, val_accuracy=0.7, best=False, **losses))
    recorder.take(step(21))
    clock.now += 1
    recorder.take(Evaluated(split="test", done=5, total=9))
    run = store.run("r1")
    assert (run.best_epoch, run.val_accuracy) == (1, 0.8)
    assert run.activity == "scoring the test split, 5 of 9 samples"
    assert recorder.best.epoch == 1


def test_a_stop_is_heard_with_the_next_write(scene):
    store, clock, _, recorder = scene
    store.command("r1", "stop")
    assert not recorder.stop
    clock.now += 1
    recorder.take(step(1))
    assert recorder.stop


def test_a_store_locked_for_a_minute_loses_no_point(scene, monkeypatch):
    store, clock, _, recorder = scene
    answers = store.record
    tries = []

    def locked(*args, **values):
        tries.append(clock.now)
        raise StoreError("locked")

    monkeypatch.setattr(store, "record", locked)
    for number in range(1, 61):
        clock.now += 1
        recorder.take(step(number))
        recorder.take(Warned(text=f"warning {number}"))
    assert len(tries) < 20, "it does not hammer"
    monkeypatch.setattr(store, "record", answers)
    recorder.finish(sleep=lambda seconds: setattr(clock, "now", clock.now + seconds))
    assert [point.step for point in store.points("r1")] == list(range(1, 61))
    assert [note.text for note in store.notes("r1") if note.level == "warning"] == [
        f"warning {i}" for i in range(1, 61)
    ]
    assert store.run("r1").step == 60


def test_a_store_that_is_gone_for_good_ends_the_run(scene, monkeypatch):
    store, clock, _, recorder = scene
    monkeypatch.setattr(store, "record", lambda *args, **values: (_ for _ in ()).throw(StoreError("gone")))
    with pytest.raises(StoreError, match="gone"):
        for number in range(1, 1000):
            clock.now += 1
            recorder.take(step(number))
    assert clock.now - 1000 == pytest.approx(MOST_SECONDS, abs=20)


def test_a_clock_that_jumps_back_an_hour_delays_nothing(tmp_path):
    store, stopwatch, wall = Counting(f"sqlite:///{tmp_path / 'test.db'}"), Clock(), Clock()
    add(store)
    recorder = Recorder(store, "r1", Data(), clock=stopwatch, now=wall)
    recorder.take(RunStarted(epochs=2, steps=2000, trainable=10, total=20))
    for number, jump in enumerate((0, -3600, 7200), 1):
        stopwatch.now += 1
        wall.now += jump
        recorder.take(step(number))
        assert store.run("r1").step == number
    store.command("r1", "pause")
    stopwatch.now += 1
    recorder.take(step(4))
    assert recorder.pause and not recorder.stop


def test_a_worker_whose_run_was_taken_over_stops(scene):
    store, clock, data, _ = scene
    first = store.take("r1")
    recorder = Recorder(store, "r1", data, claim=first, clock=clock, now=clock)
    store.update("r1", status="queued")
    store.take("r1")
    with pytest.raises(TakenOverError, match="Run r1 was taken over"):
        recorder.take(RunStarted(epochs=2, steps=2000, trainable=10, total=20))
