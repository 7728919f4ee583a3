"""Waiting for a store that does not answer just now, so that a backup ends no training."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from tlcore.errors import StoreError

__all__ = ["Backoff", "Patience", "patiently"]

MOST_SECONDS = 600.0
"""After which a store counts as gone."""
FIRST, LONGEST = 0.2, 5.0
"""Seconds between two tries: doubled each time."""
P = ParamSpec("P")
T = TypeVar("T")
_LOG = logging.getLogger(__name__)


class Backoff:
    """When to try again what has failed: in growing steps, and not for ever."""

    def __init__(self, *, most: float = MOST_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._since: float | None = None
        self._next, self._step = 0.0, FIRST

    @property
    def due(self) -> bool:
        """Whether it is time to try."""
        return self._since is None or self._clock() >= self._next

    @property
    def seconds(self) -> float:
        """Until then."""
        return max(0.0, self._next - self._clock())

    def failed(self, error: StoreError) -> None:
        """Wait longer.

        Raises:
            StoreError: the same, if it has gone on for too long.
        """
        now = self._clock()
        if self._since is None:
            self._since = now
            _LOG.warning("%s", error)
        if now - self._since > self._most:
            raise error
        self._next, self._step = now + self._step, min(LONGEST, 2 * self._step)

    def worked(self) -> None:
        """Forget the failures."""
        self._since, self._step = None, FIRST


class Patience:
    """Calls what may find the store silent, again and again until it answers."""

    def __init__(
        self,
        *,
        most: float = MOST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._most, self._clock, self._sleep = most, clock, sleep

    def __call__(self, work: Callable[P, T], *args: P.args, **values: P.kwargs) -> T:
        """What `work` returns.

        Raises:
            StoreError: the store has not answered for very long.
        """
        backoff = Backoff(most=self._most, clock=self._clock)
        while True:
            try:
                return work(*args, **values)
            except StoreError as error:
                backoff.failed(error)
            self._sleep(backoff.seconds)


patiently = Patience()
"""With the usual patience."""
