"""The metrics of one run as a page holds them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING

from tlcore.runs.tail import Tail
from ui.curve import Curve
from ui.train_smoothing import Average

if TYPE_CHECKING:
    from tlcore.runs import Point

__all__ = ["MOST_AVERAGES", "MOST_HELD", "RATE", "History"]

RATE = "lr "
"""What the name of a learning rate begins with; the parameters' pattern follows."""
MOST_HELD = 2**18
"""Points of one curve, 4 MiB: a longer one is halved."""
MOST_AVERAGES = 6
"""Kept at a time: sessions may smooth differently."""


@dataclass(slots=True, kw_only=True)
class History:
    """All metrics read so far. Sessions share it, so `lock` is held while it is read or grows."""

    run: str
    tail: Tail = field(default_factory=Tail)
    curves: dict[tuple[str, str], Curve] = field(default_factory=lambda: defaultdict(Curve))
    """By scope ("step", "epoch", "system") and the metric's name, in the order in which they came."""
    ends: dict[int, int] = field(default_factory=dict)
    """The last step of each finished epoch."""
    rates: tuple[str, ...] = ()
    """Names of the learning rates of the newest step, from input to output."""
    averages: dict[tuple[str, str, float], tuple[Average, Curve]] = field(default_factory=dict)
    """By scope, name and share; those that were asked for last, and each as a curve."""
    same: dict[tuple[str, str], int] = field(default_factory=dict)
    """By two names of steps: how many points of theirs were compared and are the same; -1 once one is not."""
    lock: RLock = field(default_factory=RLock)

    def catch_up(self, read: Callable[[int], Sequence[Point]]) -> None:
        """Read what is new: `read(after)` gives the points with a greater id."""
        begins, points = self.tail.read(read)
        if begins:
            self.forget()
        self.extend(points)

    def forget(self) -> None:
        """Hold nothing, as at first."""
        self.rates = ()
        for held in (self.curves, self.ends, self.averages, self.same):
            held.clear()

    def extend(self, points: Iterable[Point]) -> None:
        """Append what is new."""
        for point in points:
            if point.scope == "epoch":
                self.ends[point.epoch] = point.step
            elif point.scope == "step":
                self.rates = tuple(name for name in point.values if name.startswith(RATE))
            for name, value in point.values.items():
                curve = self.curves[point.scope, name]
                curve.steps.append(point.step)
                curve.values.append(value)
        for (scope, name), curve in self.curves.items():
            if len(curve.steps) > MOST_HELD:
                curve.halve()
                self.same.clear()
                self.averages = {key: kept for key, kept in self.averages.items() if key[:2] != (scope, name)}

    def curve(self, scope: str, name: str) -> Curve:
        """A metric's curve; an empty one before its first value."""
        return self.curves.get((scope, name)) or Curve()

    def latest(self, scope: str, name: str) -> float | None:
        """The last value of a metric, None before the first."""
        curve = self.curves.get((scope, name))
        return curve.values[-1] if curve else None

    def smoothed(self, scope: str, name: str, share: float) -> Curve:
        """The metric's moving average, see `Average`."""
        curve, kept = self.curve(scope, name), self.averages.pop((scope, name, share), None)
        if kept is None:
            average = Average(share=share)
            kept = average, Curve(steps=curve.steps, values=average.values)
        self.averages[scope, name, share] = kept
        if len(self.averages) > MOST_AVERAGES:
            del self.averages[next(iter(self.averages))]
        average, smooth = kept
        average.extend(curve.values[len(average.values) :])
        return smooth

    def alike(self, one: str, other: str) -> bool:
        """Whether two metrics of the steps have been the same throughout."""
        first, second, seen = self.curve("step", one), self.curve("step", other), self.same.get((one, other), 0)
        if len(first.steps) != len(second.steps) or seen < 0:
            return False
        equal = first.steps[seen:] == second.steps[seen:] and first.values[seen:] == second.values[seen:]
        self.same[one, other] = len(first.steps) if equal else -1
        return equal

    def at_end(self, name: str, epoch: int | None) -> Curve:
        """The one point of an epoch's metric; none if there is none."""
        curve = self.curve("epoch", name)
        step = self.ends.get(epoch or 0)
        if step is None or step not in curve.steps:
            return Curve()
        return Curve(steps=[step], values=[curve.values[curve.steps.index(step)]])
