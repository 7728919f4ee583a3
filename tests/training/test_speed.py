"""What a backbone takes here: real passes, few of them, on a small network."""

import pytest
import torch

from tlcore.device import PeakMemory
from tlcore.errors import RecipeError
from tlcore.training import speed
from tlcore.training.speed import Bounds, n_tokens, readings
from tlcore.zoo import backbone

CPU = torch.device("cpu")
QUICK = Bounds(seconds=0.0, fewest=2, most=2)
MIB = 2**20


def test_inference_and_training_by_batch_size():
    record = backbone("shufflenet_v2_x0_5")
    looked = list(readings(record, "inference", (4, 1), CPU, bounds=QUICK))
    assert [(one.mode, one.batch_size, one.n, one.note) for one in looked] == [
        ("inference", 1, 2, ""),
        ("inference", 4, 2, ""),
    ]
    assert all(one.seconds > 0 and one.throughput == one.batch_size / one.seconds for one in looked)
    (trained,) = readings(record, "training", (2,), CPU, bounds=QUICK)
    assert (trained.mode, trained.n) == ("training", 2) and trained.seconds > 0
    assert trained.memory is not None


def test_texts_are_measured_too():
    record = backbone("minilm")
    (looked,) = readings(record, "inference", (1,), CPU, bounds=QUICK)
    assert looked.seconds > 0 and n_tokens(record) == 128 and n_tokens(backbone("resnet18")) == 0


def test_a_batch_that_would_take_too_long_is_left_out():
    few = Bounds(seconds=0.0, fewest=1, most=1, pass_seconds=1e-9)
    small, large, larger = readings(backbone("shufflenet_v2_x0_5"), "inference", (1, 64, 128), CPU, bounds=few)
    assert small.seconds > 0, "the first is always tried"
    assert (large.seconds, large.memory, large.n) == (None, None, 0)
    assert large.note == "Left out: one pass would take about 1 min."
    assert larger.note == "Left out, as the batch of 64 was." and larger.throughput is None


def test_a_batch_that_would_not_fit_is_left_out(monkeypatch):
    monkeypatch.setattr(PeakMemory, "read", lambda self: 500 * MIB)
    monkeypatch.setattr(PeakMemory, "room", lambda self: 1000 * MIB)
    _, large = readings(backbone("shufflenet_v2_x0_5"), "inference", (1, 4), CPU, bounds=QUICK)
    assert large.note == "Left out: it would take about 1.9 GiB, and 1.0 GiB are free."


def test_a_model_that_would_not_fit_is_not_even_made(monkeypatch):
    monkeypatch.setattr(PeakMemory, "room", lambda self: 1900 * MIB)
    monkeypatch.setattr(speed, "_measured", None)
    one, other = readings(backbone("vgg16"), "training", (1, 8), CPU)
    assert one.note == "Left out: it would take about 2.0 GiB, and 1.9 GiB are free."
    assert other.note == "Left out, as the batch of 1 was."


def test_running_out_of_memory_is_a_reading(monkeypatch):
    def full(*args):
        raise MemoryError

    monkeypatch.setattr(speed, "_timed", full)
    (one,) = readings(backbone("shufflenet_v2_x0_5"), "inference", (1,), CPU, bounds=QUICK)
    assert (one.seconds, one.note) == (None, "The device ran out of memory.")


def test_bounds_are_checked_and_say_how_long_it_takes():
    with pytest.raises(RecipeError, match="at least 1 and at most 2; got 3"):
        Bounds(fewest=3, most=2)
    assert Bounds(seconds=2.0, fewest=3, most=50, pass_seconds=60).expected(0.1) == pytest.approx(2.1)
    assert Bounds(seconds=2.0, fewest=3, most=50, pass_seconds=60).expected(10.0) == 40.0
    assert Bounds(seconds=2.0, fewest=3, most=50, pass_seconds=60).expected(61.0) == 0.0


def test_the_peak_is_what_was_taken_in_between():
    peak = PeakMemory(CPU)
    held = torch.ones(40 * MIB)  # 160 MiB
    del held
    assert peak.read() == pytest.approx(160 * MIB, rel=0.15), "freed again, and still seen"
    peak.reset()
    assert peak.read() < 40 * MIB
    assert peak.room() > 0
