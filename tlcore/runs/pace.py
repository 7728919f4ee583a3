"""How far a measurement of speed is, from what it has found so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tlcore.training.speed import BACKWARD, MODES, Bounds, Mode

__all__ = ["Pace"]


class Pace:
    """Expects time to grow with the batch, and a training step to cost a few passes."""

    def __init__(
        self, sizes: Sequence[int], *, bounds: Bounds = Bounds(), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._left: list[tuple[Mode, int]] = [(mode, size) for mode in MODES for size in sorted(sizes)]
        self._bounds, self._clock = bounds, clock
        self._start = self._begun = clock()
        self._known: dict[Mode, float] = {}  # seconds a sample

    def take(self, made: Mapping[str, Any]) -> None:
        """The next reading is there."""
        self._left.pop(0)
        self._begun = self._clock()
        if made["seconds"]:
            self._known[made["mode"]] = made["seconds"] / made["batch_size"]

    def now(self) -> tuple[float, str]:
        """Share done, in [0, 1], and what is being measured."""
        if not self._left:
            return 1.0, "writing it down"
        mode, size = self._left[0]
        what = "a training step" if mode == "training" else "inference"
        words = f"{what} with {size} {'sample' if size == 1 else 'samples'} at a time"
        now = self._clock()
        if not self._known:
            return 0.0, words
        current, *later = (self._bounds.expected(self._pass(*one)) for one in self._left)
        rest = max(0.0, current - (now - self._begun)) + sum(later)
        done = now - self._start
        return done / max(done + rest, 1e-9), words

    def _pass(self, mode: Mode, size: int) -> float:
        known = self._known.get(mode)
        return size * (known if known is not None else BACKWARD * self._known["inference"])
