"""Clocks and rows that every measurement shares."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["Row", "median_seconds", "stopwatch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    claim: str
    subject: str
    seconds: float | None = None
    """Median, or None where time is not the matter."""
    ratio: float | None = None
    """As `means` says."""
    means: str = ""
    """What the ratio is of."""
    target: str = ""


class Stopwatch:
    """Seconds of the last timed block."""

    seconds = 0.0


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    """Time a block."""
    watch, begun = Stopwatch(), time.perf_counter()
    yield watch
    watch.seconds = time.perf_counter() - begun


def median_seconds(work: Callable[[], object], times: int) -> float:
    """The median of several runs."""
    taken = []
    for _ in range(times):
        with stopwatch() as watch:
            work()
        taken.append(watch.seconds)
    return statistics.median(taken)
