"""What a live chart is fed: everything new, once, and thinned so that spikes stay."""

import math
from pathlib import Path

import pytest

from tlcore.runs import Point
from ui.history import Curve, History, thin
from ui.live_plot import MOST_POINTS, place_plotly


def point(number: int, scope: str, step: int, epoch: int, **values: float) -> Point:
    return Point(id=number, scope=scope, step=step, epoch=epoch, time=0.0, values=values)  # type: ignore[arg-type]


def test_points_extend_the_curves_of_their_scope() -> None:
    held = History(run="r")
    held.extend([point(7, "step", 1, 1, train_loss=2.0), point(9, "epoch", 1, 1, train_loss=1.5, val_loss=1.0)])
    held.extend([point(12, "step", 2, 2, train_loss=1.0)])
    assert held.newest is not None and held.newest.id == 12
    curve = held.curve("step", "train_loss")
    assert (list(curve.steps), list(curve.values)) == ([1, 2], [2.0, 1.0])
    assert held.latest("epoch", "val_loss") == 1.0
    assert held.latest("epoch", "absent") is None
    assert held.ends == {1: 1}


def test_a_short_curve_is_left_alone() -> None:
    assert thin(Curve(steps=[1, 2], values=[0.5, 0.25]), 100) == ([1, 2], [0.5, 0.25])


def test_spikes_stay_and_the_limit_holds() -> None:
    values = [1.0] * 50_000
    values[12_345], values[40_001] = 99.0, -5.0
    steps, kept = thin(Curve(steps=list(range(50_000)), values=values), MOST_POINTS)
    assert len(steps) <= MOST_POINTS
    assert steps == sorted(set(steps))
    assert dict(zip(steps, kept, strict=True))[12_345] == 99.0
    assert dict(zip(steps, kept, strict=True))[40_001] == -5.0


def test_drawn_points_stay_while_the_curve_grows() -> None:
    def kept(n: int) -> set[int]:
        return set(thin(Curve(steps=list(range(n)), values=[math.sin(i) for i in range(n)]), 400)[0])

    before, after = kept(3000), kept(3100)
    assert {step for step in before if step < 2900} <= after


def test_what_is_not_finite_is_a_gap() -> None:
    curve = Curve(steps=[1, 2, 3], values=[1.0, math.nan, math.inf])
    assert thin(curve, 10) == ([1, 2, 3], [1.0, None, None])
    many = Curve(steps=list(range(1000)), values=[math.nan] * 1000)
    assert set(thin(many, 100)[1]) == {None}


def test_the_chart_script_is_placed_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "static" / "plotly.min.js"
    monkeypatch.setattr("ui.live_plot._STATIC", script)
    place_plotly()
    first = script.stat()
    place_plotly()
    assert first.st_size > 1_000_000 and script.stat().st_mtime_ns == first.st_mtime_ns
    assert [path.name for path in script.parent.iterdir()] == ["plotly.min.js"]
