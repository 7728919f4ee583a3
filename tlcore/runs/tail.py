"""Reading a run's metrics as they come, also where it goes back to its saved state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tlcore.runs.records import Point

__all__ = ["Tail"]


@dataclass(slots=True)
class Tail:
    """How far the metrics of one run have been read."""

    newest: Point | None = None
    """The last point that was read."""

    @property
    def after(self) -> int:
        """What `read` asks for first."""
        return self.newest.id - 1 if self.newest else 0

    def read(self, points: Callable[[int], Sequence[Point]]) -> tuple[bool, Sequence[Point]]:
        """What is new; `points(after)` gives those with a greater id.

        The last point is asked for again: a run that is resumed goes back to its saved state and forgets what came
        after it. If that point is gone, all points are given.

        Returns:
            Whether this is the beginning, for the first time or again; and the points.
        """
        if self.newest is None:
            return True, self._held(points(self.after))
        found = points(self.after)
        if found and _same(found[0], self.newest):
            return False, self._held(found[1:])
        self.newest = None
        return True, self._held(points(0))

    def _held(self, found: Sequence[Point]) -> Sequence[Point]:
        self.newest = found[-1] if found else self.newest
        return found


def _same(one: Point, other: Point) -> bool:
    """Ids alone do not tell: a database may give those of deleted rows again."""
    return (one.id, one.scope, one.step, one.time) == (other.id, other.scope, other.step, other.time)
