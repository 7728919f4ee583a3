"""The metrics of one run as a page holds them, and their thinning for a chart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tlcore.runs import Point

__all__ = ["Curve", "History", "thin"]


@dataclass(slots=True)
class Curve:
    """One metric over optimizer steps."""

    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class History:
    """All metrics read so far; `last` is the id to read on from."""

    run: str
    last: int = 0
    curves: dict[tuple[str, str], Curve] = field(default_factory=lambda: defaultdict(Curve))
    """By scope ("step", "epoch") and the metric's name."""
    ends: list[tuple[int, int]] = field(default_factory=list)
    """(epoch, step) at the end of each epoch."""

    def extend(self, points: Iterable[Point]) -> None:
        """Append what is new."""
        for point in points:
            self.last = max(self.last, point.id)
            if point.scope == "epoch":
                self.ends.append((point.epoch, point.step))
            for name, value in point.values.items():
                curve = self.curves[point.scope, name]
                curve.steps.append(point.step)
                curve.values.append(value)

    def latest(self, scope: str, name: str) -> float | None:
        """The last value of a metric, None before the first."""
        curve = self.curves.get((scope, name))
        return curve.values[-1] if curve else None


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
