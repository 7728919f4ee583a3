"""How far a measurement of speed is, and what is left of it."""

from tlcore.runs.pace import Pace
from tlcore.training.speed import Bounds

BOUNDS = Bounds(seconds=1.0, fewest=2, most=10, pass_seconds=50.0)


class Clock:
    """Tells the time it is told."""

    now = 100.0

    def __call__(self):
        return self.now


def taken(mode, size, seconds):
    return {"mode": mode, "batch_size": size, "seconds": seconds}


def test_nothing_is_said_before_anything_is_known():
    assert Pace((8, 1), clock=Clock()).now() == (0.0, "inference with 1 sample at a time")


def test_the_rest_is_expected_to_grow_with_the_batch():
    clock = Clock()
    pace = Pace((1, 4), bounds=BOUNDS, clock=clock)
    clock.now += 6
    pace.take(taken("inference", 1, 2.0))
    share, words = pace.now()
    assert words == "inference with 4 samples at a time"
    rest = 3 * 8.0 + 3 * 6.0 + 3 * 24.0  # one pass that warms up and two timed ones of each
    assert share == 6 / (6 + rest)
    clock.now += 10
    assert pace.now()[0] == 16 / (16 + rest - 10), "what goes on is under way"


def test_what_takes_too_long_is_not_waited_for():
    clock = Clock()
    pace = Pace((1, 100), bounds=BOUNDS, clock=clock)
    clock.now += 6
    pace.take(taken("inference", 1, 2.0))
    assert pace.now()[0] == 6 / (6 + 3 * 6.0), "200 s and 600 s a pass will be left out"
    for reading in (taken("inference", 100, None), taken("training", 1, 7.0), taken("training", 100, None)):
        pace.take(reading)
    assert pace.now() == (1.0, "writing it down")
