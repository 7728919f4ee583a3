"""The metrics of one run as a page holds them, and their thinning for a chart."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, MutableSequence, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING

from tlcore.runs.tail import Tail
from ui.train_smoothing import Average

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tlcore.runs import Point

__all__ = ["MOST_AVERAGES", "MOST_HELD", "RATE", "Curve", "History", "thin"]

RATE = "lr "
"""What the name of a learning rate begins with; the parameters' pattern follows."""
MOST_HELD = 2**18
"""Points of one curve, 4 MiB: a longer one is halved."""
MOST_AVERAGES = 6
"""Kept at a time: sessions may smooth differently."""


@dataclass(slots=True)
class Curve:
    """One metric over optimizer steps."""

    steps: MutableSequence[int] = field(default_factory=lambda: array("q"))
    values: MutableSequence[float] = field(default_factory=lambda: array("d"))

    def halve(self) -> None:
        """Keep the lowest and the highest of every four: half the room, and no spike lost."""
        import numpy as np

        keep = _extremes(np.asarray(self.values, dtype=np.float64), 4)
        self.steps = array("q", np.asarray(self.steps)[keep].tolist())
        self.values = array("d", np.asarray(self.values)[keep].tolist())


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
    averages: dict[tuple[str, str, float], Average] = field(default_factory=dict)
    """By scope, name and share; those that were asked for last."""
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
        for held in (self.curves, self.ends, self.averages):
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
        curve, average = self.curve(scope, name), self.averages.pop((scope, name, share), None) or Average(share=share)
        self.averages[scope, name, share] = average
        if len(self.averages) > MOST_AVERAGES:
            del self.averages[next(iter(self.averages))]
        average.extend(curve.values[len(average.values) :])
        return Curve(steps=curve.steps, values=average.values)

    def at_end(self, name: str, epoch: int | None) -> Curve:
        """The one point of an epoch's metric; none if there is none."""
        curve = self.curve("epoch", name)
        step = self.ends.get(epoch or 0)
        if step is None or step not in curve.steps:
            return Curve()
        return Curve(steps=[step], values=[curve.values[curve.steps.index(step)]])


def thin(
    curve: Curve, limit: int, shown: tuple[float, float] | None = None
) -> tuple[list[int], list[float | None], bool]:
    """At most `limit` points: the lowest and the highest of each bucket, in order, so that spikes stay.

    Bucket widths are powers of two, so points already drawn stay where they are while the curve grows.
    Values that are not finite become None, a gap in the line.

    Args:
        shown: The steps, from and to, that are looked at closely: most of the points go there.

    Returns:
        Steps, values, and whether any were left out.
    """
    import numpy as np

    steps, values = np.asarray(curve.steps), np.asarray(curve.values, dtype=np.float64)
    n = len(steps)
    if n > limit:
        first, after = (0, n) if shown is None else map(int, np.searchsorted(steps, shown))
        first, after = max(0, first - 1), min(n, after + 2)
        aside = limit // 4 if first or after < n else 0
        parts = ((0, first, aside // 2), (first, after, limit - aside), (after, n, aside // 2))
        keep = np.concatenate([start + _kept(values[start:end], most) for start, end, most in parts])
        steps, values = steps[keep], values[keep]
    finite = np.isfinite(values)
    drawn = [value if ok else None for value, ok in zip(values.tolist(), finite, strict=True)]
    return steps.tolist(), drawn, len(steps) < n


def _kept(values: NDArray[np.float64], limit: int) -> NDArray[np.int64]:
    """Which of them to draw."""
    import numpy as np

    if len(values) <= limit:
        return np.arange(len(values))
    width = 1
    while -(-len(values) // width) * 2 > limit:
        width *= 2
    return _extremes(values, width)


def _extremes(values: NDArray[np.float64], width: int) -> NDArray[np.int64]:
    import numpy as np

    full = len(values) // width * width
    low = np.where(np.isfinite(values), values, np.inf)
    high = np.where(np.isfinite(values), values, -np.inf)
    base = np.arange(0, full, width)
    lows = base + low[:full].reshape(-1, width).argmin(axis=1)
    highs = base + high[:full].reshape(-1, width).argmax(axis=1)
    rest = [full + int(low[full:].argmin()), full + int(high[full:].argmax())] if full < len(values) else []
    return np.unique(np.concatenate([lows, highs, np.asarray(rest, dtype=np.int64)]))
