"""The metrics of one run as a page holds them, and their thinning for a chart."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, MutableSequence, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ui.train_smoothing import Average

if TYPE_CHECKING:
    from tlcore.runs import Point

__all__ = ["RATE", "Curve", "History", "thin"]

RATE = "lr "
"""What the name of a learning rate begins with; the parameters' pattern follows."""


@dataclass(slots=True)
class Curve:
    """One metric over optimizer steps."""

    steps: MutableSequence[int] = field(default_factory=lambda: array("q"))
    values: MutableSequence[float] = field(default_factory=lambda: array("d"))


@dataclass(slots=True, kw_only=True)
class History:
    """All metrics read so far."""

    run: str
    newest: Point | None = None
    """The last point held."""
    curves: dict[tuple[str, str], Curve] = field(default_factory=lambda: defaultdict(Curve))
    """By scope ("step", "epoch", "system") and the metric's name, in the order in which they came."""
    ends: dict[int, int] = field(default_factory=dict)
    """The last step of each finished epoch."""
    rates: tuple[str, ...] = ()
    """Names of the learning rates of the newest step, from input to output."""
    averages: dict[tuple[str, str], Average] = field(default_factory=dict)

    def catch_up(self, read: Callable[[int], Sequence[Point]]) -> None:
        """Read what is new: `read(after)` gives the points with a greater id.

        The last point held is asked for again: a run that is resumed goes back to its saved state and forgets what came
        after it. If that point is gone, everything is read anew.
        """
        if self.newest is None:
            self.extend(read(0))
            return
        points = read(self.newest.id - 1)
        if points and _same(points[0], self.newest):
            self.extend(points[1:])
        else:
            self.forget()
            self.extend(read(0))

    def forget(self) -> None:
        """Hold nothing, as at first."""
        self.newest, self.rates = None, ()
        for held in (self.curves, self.ends, self.averages):
            held.clear()

    def extend(self, points: Iterable[Point]) -> None:
        """Append what is new."""
        for point in points:
            self.newest = point
            if point.scope == "epoch":
                self.ends[point.epoch] = point.step
            elif point.scope == "step":
                self.rates = tuple(name for name in point.values if name.startswith(RATE))
            for name, value in point.values.items():
                curve = self.curves[point.scope, name]
                curve.steps.append(point.step)
                curve.values.append(value)

    def curve(self, scope: str, name: str) -> Curve:
        """A metric's curve; an empty one before its first value."""
        return self.curves.get((scope, name)) or Curve()

    def latest(self, scope: str, name: str) -> float | None:
        """The last value of a metric, None before the first."""
        curve = self.curves.get((scope, name))
        return curve.values[-1] if curve else None

    def smoothed(self, scope: str, name: str, share: float) -> Curve:
        """The metric's moving average, see `Average`."""
        curve, average = self.curve(scope, name), self.averages.get((scope, name))
        if average is None or average.share != share:
            average = self.averages[scope, name] = Average(share=share)
        average.extend(curve.values[len(average.values) :])
        return Curve(steps=curve.steps, values=average.values)

    def at_end(self, name: str, epoch: int | None) -> Curve:
        """The one point of an epoch's metric; none if there is none."""
        curve = self.curve("epoch", name)
        step = self.ends.get(epoch or 0)
        if step is None or step not in curve.steps:
            return Curve()
        return Curve(steps=[step], values=[curve.values[curve.steps.index(step)]])


def thin(curve: Curve, limit: int) -> tuple[list[int], list[float | None]]:
    """At most `limit` points: the lowest and the highest of each bucket, in order, so that spikes stay.

    Bucket widths are powers of two, so points already drawn stay where they are while the curve grows.
    Values that are not finite become None, a gap in the line.
    """
    import numpy as np

    steps, values = np.asarray(curve.steps), np.asarray(curve.values, dtype=np.float64)
    if len(steps) > limit:
        width = 1
        while -(-len(steps) // width) * 2 > limit:
            width *= 2
        keep = _extremes(values, width)
        steps, values = steps[keep], values[keep]
    finite = np.isfinite(values)
    return steps.tolist(), [value if ok else None for value, ok in zip(values.tolist(), finite, strict=True)]


def _extremes(values: Sequence[float], width: int) -> Sequence[int]:
    import numpy as np

    values = np.asarray(values)
    full = len(values) // width * width
    low = np.where(np.isfinite(values), values, np.inf)
    high = np.where(np.isfinite(values), values, -np.inf)
    base = np.arange(0, full, width)
    lows = base + low[:full].reshape(-1, width).argmin(axis=1)
    highs = base + high[:full].reshape(-1, width).argmax(axis=1)
    rest = [full + int(low[full:].argmin()), full + int(high[full:].argmax())] if full < len(values) else []
    return np.unique(np.concatenate([lows, highs, np.asarray(rest, dtype=np.int64)]))


def _same(one: Point, other: Point) -> bool:
    """Ids alone do not tell: a database may give those of deleted rows again."""
    return (one.id, one.scope, one.step, one.time) == (other.id, other.scope, other.step, other.time)
