"""Where a run is, in lines, for a log or a file in which no bar can be drawn."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from tlcore.runs import Run

__all__ = ["Lines"]

EVERY_SECONDS = 10.0
"""Between lines of one kind of work, whose counts go up many times a second."""


class Lines:
    """Says what is new of one run: each status and kind of work at once, how far it is now and then.

    Args:
        run: As it was when last spoken of.
        clock: Seconds, growing.
    """

    def __init__(self, run: Run, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._last, self._at = clock, _words(run), clock()
        self._kinds = {_kind(self._last)}

    def news(self, run: Run) -> str:
        """A line; empty where nothing is to be said."""
        words = _words(run)
        kind, now = _kind(words), self._clock()
        if words == self._last or (kind in self._kinds and now - self._at < EVERY_SECONDS):
            return ""
        self._kinds.add(kind)
        self._last, self._at = words, now
        return f"Run {run.id} {words}."


def _words(run: Run) -> str:
    return f"is {run.status}: {run.activity}" if run.activity else f"is {run.status}"


def _kind(words: str) -> str:
    return re.sub(r"\d[\d,.]*", "", words)
