"""What a live chart is fed: everything new, once, and thinned so that spikes stay."""

import math
from pathlib import Path

import pytest

from tlcore.runs import Point
from ui.curve import Curve, short
from ui.history import MOST_AVERAGES, MOST_HELD, History
from ui.live_plot import MOST_POINTS, place_plotly


def point(number: int, scope: str, step: int, epoch: int, **values: float) -> Point:
    return Point(id=number, scope=scope, step=step, epoch=epoch, time=0.0, values=values)  # type: ignore[arg-type]


def test_points_extend_the_curves_of_their_scope() -> None:
    held = History(run="r")
    held.extend([point(7, "step", 1, 1, train_loss=2.0), point(9, "epoch", 1, 1, train_loss=1.5, val_loss=1.0)])
    held.extend([point(12, "step", 2, 2, train_loss=1.0)])
    assert held.latest("step", "train_loss") == 1.0
    curve = held.curve("step", "train_loss")
    assert (list(curve.steps), list(curve.values)) == ([1, 2], [2.0, 1.0])
    assert held.latest("epoch", "val_loss") == 1.0
    assert held.latest("epoch", "absent") is None
    assert held.ends == {1: 1}


def test_a_short_curve_is_left_alone() -> None:
    assert Curve(steps=[1, 2], values=[0.5, 0.25]).thin(100) == ([1, 2], [0.5, 0.25], False)


def test_spikes_stay_and_the_limit_holds() -> None:
    values = [1.0] * 50_000
    values[12_345], values[40_001] = 99.0, -5.0
    steps, kept, thinned = Curve(steps=list(range(50_000)), values=values).thin(MOST_POINTS)
    assert len(steps) <= MOST_POINTS and thinned
    assert steps == sorted(set(steps))
    assert dict(zip(steps, kept, strict=True))[12_345] == 99.0
    assert dict(zip(steps, kept, strict=True))[40_001] == -5.0


def test_drawn_points_stay_while_the_curve_grows() -> None:
    def kept(n: int) -> set[int]:
        return set(Curve(steps=list(range(n)), values=[math.sin(i) for i in range(n)]).thin(400)[0])

    before, after = kept(3000), kept(3100)
    assert {step for step in before if step < 2900} <= after


def test_a_curve_that_grows_is_drawn_as_one_that_came_at_once() -> None:
    steps, values = list(range(3000)), [math.nan if i % 97 == 0 else math.sin(i / 7) * i for i in range(3000)]
    grown, gone = Curve(), 0
    for size in (1, 2, 60, 3, 150, 1, 1, 400, 7, 900, 33, 1, 800):
        grown.steps.extend(steps[gone : gone + size])
        grown.values.extend(values[gone : gone + size])
        gone += size
        at_once = Curve(steps=steps[:gone], values=values[:gone])
        for limit, unit in ((200, 1.0), (300, 1.0), (200, 1024.0)):
            assert grown.thin(limit, unit) == at_once.thin(limit, unit)
    grown.halve()
    assert grown.thin(200) == Curve(steps=list(grown.steps), values=list(grown.values)).thin(200)


def test_a_zoom_has_every_step_of_its_part_and_the_rest_stays_coarse() -> None:
    curve = Curve(steps=list(range(100_000)), values=[math.sin(i) for i in range(100_000)])
    steps, kept, thinned = curve.closely(MOST_POINTS, (50_000.0, 50_400.0))
    assert len(steps) <= MOST_POINTS and thinned and steps == sorted(set(steps))
    assert set(range(49_999, 50_401)) <= set(steps)
    assert steps[0] < 1000 and steps[-1] > 99_000
    assert kept == short([math.sin(step) for step in steps])
    for outside in ((-50.0, -1.0), (2e5, 3e5), (-1.0, 2e5)):
        assert len(curve.closely(MOST_POINTS, outside)[0]) <= MOST_POINTS


def test_a_very_long_run_takes_bounded_memory_and_keeps_its_spike() -> None:
    held = History(run="r")
    held.curves["step", "train_loss"] = curve = Curve()
    for before in range(0, 600_000, 50_000):
        curve.steps.extend(range(before, before + 50_000))
        curve.values.extend(math.sin(step) for step in range(before, before + 50_000))
        curve.values[-7] = 77.0 if before == 50_000 else 0.0
        held.extend([])
    assert MOST_HELD / 4 < len(curve.steps) <= MOST_HELD
    assert curve.steps[curve.values.index(77.0)] == 99_993 and list(curve.steps) == sorted(curve.steps)
    assert len(held.smoothed("step", "train_loss", 0.9).values) == len(curve.steps)


def test_sessions_that_smooth_differently_keep_their_averages() -> None:
    held = History(run="r")
    held.extend([point(i, "step", i, 1, train_loss=float(i)) for i in range(1, 5)])
    shares = [i / 10 for i in range(9)]
    for share in shares:
        held.smoothed("step", "train_loss", share)
    (_, first) = held.averages["step", "train_loss", 0.8]
    assert held.smoothed("step", "train_loss", 0.8) is first
    assert len(held.averages) == MOST_AVERAGES


def test_what_is_not_finite_is_a_gap() -> None:
    curve = Curve(steps=[1, 2, 3], values=[1.0, math.nan, math.inf])
    assert curve.thin(10) == ([1, 2, 3], [1.0, None, None], False)
    many = Curve(steps=list(range(1000)), values=[math.nan] * 1000)
    assert set(many.thin(100)[1]) == {None}


def test_drawn_values_have_the_digits_that_anybody_sees() -> None:
    values = [0.0, 1.0, 1 / 3, -2 / 3e9, 123456789.0, 1e-320, math.nan]
    assert short(values) == [0.0, 1.0, 0.333333, -6.66667e-10, 123457000.0, 1e-320, None]
    assert short([2.0**31, math.inf], 2.0**30) == [2.0, None]


def test_the_chart_script_is_placed_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "static" / "plotly.min.js"
    monkeypatch.setattr("ui.live_plot._STATIC", script)
    place_plotly()
    first = script.stat()
    place_plotly()
    assert first.st_size > 1_000_000 and script.stat().st_mtime_ns == first.st_mtime_ns
    assert [path.name for path in script.parent.iterdir()] == ["plotly.min.js"]
