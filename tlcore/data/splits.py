"""Train, val and test: stratified, seeded, and steady when data are added."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tlcore.errors import DataError

__all__ = ["MIN_CLASS", "SPLITS", "Split", "SplitRatios", "divide", "draw", "portions"]

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")
MIN_CLASS = 3
"""Samples that a class needs: one for each split."""
DIGITS = 6
ROUNDING = 3 * 10**-DIGITS
"""How far from 1 three shares may add up to: each was rounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRatios:
    """How a dataset is divided."""

    train: float = 0.70
    """Share of the samples, in (0, 1)."""
    val: float = 0.15
    """Share of the samples, in (0, 1)."""
    test: float = 0.15
    """Share of the samples, in (0, 1)."""
    seed: int = 0
    """Draws which samples go where; at least 0."""
    grouped_by: str = ""
    """What tells which samples belong together, for people; empty where each stands alone."""

    def __post_init__(self) -> None:
        if not all(math.isfinite(share) and share > 0 for share in self.shares):
            raise DataError(f"Each of train, val and test needs a share above 0; got {self._written()}.")
        if abs(sum(self.shares) - 1) > ROUNDING:
            raise DataError(f"The shares of train, val and test must add up to 1; got {self._written()}.")
        if self.seed < 0 or self.seed != int(self.seed):
            raise DataError(f"The seed of a split is a whole number from 0; got {self.seed}.")
        for name, share in zip(SPLITS, self.shares, strict=True):
            object.__setattr__(self, name, round(share, DIGITS))

    @property
    def shares(self) -> tuple[float, float, float]:
        """In the order of `SPLITS`."""
        return self.train, self.val, self.test

    def _written(self) -> str:
        return " / ".join(f"{share:g}" for share in self.shares)


def divide(
    labels: Sequence[str], digests: Sequence[str], shares: Sequence[float], seed: int, groups: Sequence[str] = ()
) -> list[int]:
    """The part (0, 1, ...) of each sample: every class is divided in these shares, none of its parts empty if it can.

    A class's samples are ordered by a hash of seed and digest, so the division depends on neither the order of the
    samples nor the platform, and most samples stay where they are when others are added. With `groups`, one of which
    is empty for a sample on its own, the samples of a group all go to one part.

    Raises:
        DataError: there are fewer groups than parts.
    """
    if any(groups):
        from tlcore.data.grouped import divide_groups

        return divide_groups(labels, digests, groups, shares, seed)
    classes: dict[str, list[int]] = {}
    for row, label in enumerate(labels):
        classes.setdefault(label, []).append(row)
    parts = [0] * len(labels)
    for turn, label in enumerate(sorted(classes)):
        drawn = sorted(classes[label], key=lambda row: draw(seed, digests[row]))
        ends = portions(len(drawn), shares, turn)
        places = [part for part, size in enumerate(ends) for _ in range(size)]
        for row, part in zip(drawn, places, strict=True):
            parts[row] = part
    return parts


def draw(seed: int, digest: str) -> bytes:
    """What orders samples, or groups by their names, at random and always alike."""
    return hashlib.sha256(f"{seed}:{digest}".encode()).digest()


def portions(n: int, shares: Sequence[float], turn: int) -> list[int]:
    """How many of `n` go to each part: largest remainders, ties falling to either side in turn.

    Then one for each part that would be empty.
    """
    quotas = [n * share / sum(shares) for share in shares]
    sizes = [int(quota + 1e-9) for quota in quotas]
    side = 1 if turn % 2 else -1
    by_remainder = sorted(range(len(shares)), key=lambda part: (-round(quotas[part] - sizes[part], 9), side * part))
    for part in by_remainder[: n - sum(sizes)]:
        sizes[part] += 1
    for part in range(min(n, len(sizes))):
        if sizes[part] == 0:
            sizes[sizes.index(max(sizes))] -= 1
            sizes[part] = 1
    return sizes
