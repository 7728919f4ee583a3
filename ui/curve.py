"""One metric over the steps of a run, and the few points of it that a chart shows."""

from __future__ import annotations

from array import array
from collections.abc import MutableSequence, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Curve", "Points"]

DIGITS = 6
"""Significant ones of a value that is drawn: half of the text that every look sends."""
MOST_KEPT = 4
Points = tuple[list[int], list[float | None], bool]
"""Steps; values, None for a gap; and whether any were left out."""


@dataclass(slots=True)
class Curve:
    """It grows at its end only."""

    steps: MutableSequence[int] = field(default_factory=lambda: array("q"))
    values: MutableSequence[float] = field(default_factory=lambda: array("d"))
    drawn: dict[tuple[int, float], Drawn] = field(default_factory=dict, compare=False)
    """By the width of a bucket, and the unit."""

    def thin(self, limit: int, unit: float = 1.0) -> Points:
        """At most `limit` points: the lowest and the highest of each bucket, in order, so that spikes stay.

        Bucket widths are powers of two, so that points once drawn stay where they are while the curve grows, and only
        the new ones have to be looked at. Values that are not finite become None, a gap in the line.

        Args:
            unit: How much of the curve's unit makes one on the chart.
        """
        width = _width(len(self.steps), limit)
        drawn = self.drawn.pop((width, unit), None) or Drawn(width=width, unit=unit)
        while len(self.drawn) >= MOST_KEPT:
            del self.drawn[next(iter(self.drawn))]
        self.drawn[width, unit] = drawn
        return drawn.of(self)

    def closely(self, limit: int, shown: tuple[float, float], unit: float = 1.0) -> Points:
        """As `thin`, with most of the points where somebody looks closely: at the steps from and to `shown`."""
        import numpy as np

        steps, values = np.array(self.steps, dtype=np.int64), np.array(self.values, dtype=np.float64)
        n = len(steps)
        if n <= limit:
            return self.thin(limit, unit)
        first, after = map(int, np.searchsorted(steps, shown))
        first, after = max(0, first - 1), min(n, after + 2)
        aside = limit // 4 if first or after < n else 0
        parts = ((0, first, aside // 2), (first, after, limit - aside), (after, n, aside // 2))
        keep = np.concatenate([start + _kept(values[start:end], most) for start, end, most in parts])
        return steps[keep].tolist(), short(values[keep], unit), len(keep) < n

    def halve(self) -> None:
        """Keep the lowest and the highest of every four: half the room, and no spike lost."""
        import numpy as np

        keep = extremes(np.array(self.values, dtype=np.float64), 4)
        self.steps = array("q", np.array(self.steps)[keep].tolist())
        self.values = array("d", np.array(self.values)[keep].tolist())
        self.drawn.clear()


@dataclass(slots=True, kw_only=True)
class Drawn:
    """What is drawn of a curve that grows: the points of full buckets, found once."""

    width: int
    """Points in a bucket; 1 where all are drawn."""
    unit: float
    seen: int = 0
    """Points of the curve in full buckets."""
    steps: list[int] = field(default_factory=list)
    values: list[float | None] = field(default_factory=list)

    def of(self, curve: Curve) -> Points:
        """Go on with what is new."""
        n = len(curve.steps)
        full = n // self.width * self.width
        if full > self.seen:
            steps, values = self._found(curve, self.seen, full)
            self.steps += steps
            self.values += values
            self.seen = full
        steps, values = self._found(curve, full, n)
        return self.steps + steps, self.values + values, self.width > 1

    def _found(self, curve: Curve, start: int, end: int) -> tuple[list[int], list[float | None]]:
        import numpy as np

        if start == end:
            return [], []
        steps, values = np.array(curve.steps[start:end]), np.array(curve.values[start:end], dtype=np.float64)
        keep = extremes(values, self.width) if self.width > 1 else slice(None)
        return steps[keep].tolist(), short(values[keep], self.unit)


def short(values: Sequence[float] | NDArray[np.float64], unit: float = 1.0) -> list[float | None]:
    """In units of the chart, with as many digits as anybody sees; None for what is not finite."""
    import numpy as np

    found = np.asarray(values, dtype=np.float64) / unit
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(np.abs(found))))
        rounded = np.where((found == 0) | ~np.isfinite(scale), found, np.round(found * scale) / scale)
    finite = np.isfinite(rounded)
    said: list[float | None] = rounded.tolist()
    return said if finite.all() else [one if ok else None for one, ok in zip(said, finite.tolist(), strict=True)]


def _width(n: int, limit: int) -> int:
    """The least power of two that leaves so many points; 1 where all may stay."""
    if n <= limit:
        return 1
    width = 2
    while -(-n // width) * 2 > limit:
        width *= 2
    return width


def _kept(values: NDArray[np.float64], limit: int) -> NDArray[np.int64]:
    """Which of them to draw."""
    import numpy as np

    width = _width(len(values), limit)
    return extremes(values, width) if width > 1 else np.arange(len(values))


def extremes(values: NDArray[np.float64], width: int) -> NDArray[np.int64]:
    """Where the lowest and the highest of each so many are, in order; what is not finite is neither."""
    import numpy as np

    full = len(values) // width * width
    low = np.where(np.isfinite(values), values, np.inf)
    high = np.where(np.isfinite(values), values, -np.inf)
    base = np.arange(0, full, width)
    lows = base + low[:full].reshape(-1, width).argmin(axis=1)
    highs = base + high[:full].reshape(-1, width).argmax(axis=1)
    rest = [full + int(low[full:].argmin()), full + int(high[full:].argmax())] if full < len(values) else []
    return np.unique(np.concatenate([lows, highs, np.asarray(rest, dtype=np.int64)]))
