"""Whose turn it is, and when: pure functions of the runs that wait and work."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tlcore.runs.records import Run

__all__ = ["Waiting", "expected", "forecast", "order"]

MOST_ALIKE = 5
"""Finished runs to learn a duration from, the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A run's place in the queue."""

    run: Run
    position: int
    """From 1."""
    starts_in: float | None
    """Seconds, by the estimates of what works now and the pace of runs alike; None where too little is known."""
    why: str
    """What it waits for, for people."""


def order(queued: Sequence[Run], busy: Sequence[Run], last_starts: Mapping[str, float]) -> tuple[Run, ...]:
    """Round robin over users: first who has the fewest runs at work, then whose last start is longest ago.

    Within a user by `place`.

    Args:
        last_starts: Unix seconds by user; who never started anything comes first.
    """
    waiting: dict[str, list[Run]] = {}
    for run in sorted(queued, key=_own_order):
        waiting.setdefault(run.user, []).append(run)
    working = Counter(run.user for run in busy)
    turn = {user: (0, last_starts.get(user, 0.0)) for user in waiting}
    found: list[Run] = []
    while waiting:
        user = min(waiting, key=lambda user: (working[user], turn[user], _own_order(waiting[user][0])))
        found.append(waiting[user].pop(0))
        working[user] += 1
        turn[user] = (len(found), 0.0)
        waiting = {user: runs for user, runs in waiting.items() if runs}
    return tuple(found)


def forecast(
    queued: Sequence[Run], busy: Sequence[Run], slots: int, duration: Callable[[Run], float | None]
) -> tuple[Waiting, ...]:
    """When each of `queued`, which are in order, gets a slot: each that frees goes to the next in line.

    A slot whose end is unknown is not counted on.
    """
    free = max(0, slots - len(busy))
    ends = [0.0] * free + [math.inf if run.eta is None else run.eta for run in busy]
    heapq.heapify(ends)
    found = []
    for position, run in enumerate(queued, 1):
        start, length = heapq.heappop(ends), duration(run)
        heapq.heappush(ends, math.inf if length is None else start + length)
        why = _why(run, queued[: position - 1], busy, slots, free)
        known = start if math.isfinite(start) else None
        found.append(Waiting(run=run, position=position, starts_in=known, why=why))
    return tuple(found)


def expected(run: Run, finished: Sequence[Run]) -> float | None:
    """Seconds that a queued run still needs, at the median pace of finished ones alike; None if there are none.

    Alike are those on the same data, backbone and strategy.

    Args:
        finished: The newest first.
    """
    alike = [
        other.seconds(other.finished or 0.0) / other.epoch
        for other in finished
        if other.epoch and _kind(other) == _kind(run)
    ]
    return median(alike[:MOST_ALIKE]) * max(0, run.epochs - run.epoch) if alike else None


def _own_order(run: Run) -> tuple[float, float, str]:
    return run.place, run.created, run.id


def _kind(run: Run) -> tuple[str, str, str]:
    return run.dataset, run.backbone, run.strategy


def _why(run: Run, ahead: Sequence[Run], busy: Sequence[Run], slots: int, free: int) -> str:
    if len(ahead) < free:
        return "A slot is free: it starts within moments."
    taken = f"The slot is taken by {busy[0].name!r}" if slots == 1 and busy else f"All {slots} slots are taken"
    if slots == 1 and not busy:
        taken = "There is one slot"
    if not ahead:
        return f"{taken}. It is the next in line."
    turns = any(_own_order(other) > _own_order(run) for other in ahead)
    count = f"{len(ahead):,} {'run is' if len(ahead) == 1 else 'runs are'} ahead of it"
    return f"{taken}. {count}{', because people take turns' if turns else ''}."
