"""Learning-rate schedules: pure functions of the step, by which every group's own base rate is multiplied."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tlcore.errors import RecipeError

__all__ = ["SCHEDULES", "Schedule", "constant", "cosine", "linear", "one_cycle"]


def constant(progress: float) -> float:
    """1 throughout."""
    return 1.0


def linear(progress: float) -> float:
    """From 1 down to 0 in a straight line; `progress` in [0, 1] after warm-up."""
    return 1.0 - progress


def cosine(progress: float) -> float:
    """0.5 (1 + cos(pi p)): SGDR without restarts, https://arxiv.org/abs/1608.03983."""
    return 0.5 * (1.0 + math.cos(math.pi * progress))


def one_cycle(progress: float) -> float:
    """Up from 1/25 to 1 over the first 30 %, then down to 0, both as cosines: https://arxiv.org/abs/1708.07120."""
    rise, start = 0.3, 1 / 25
    if progress < rise:
        return start + (1 - start) * (1 - cosine(progress / rise))
    return cosine((progress - rise) / (1 - rise))


SCHEDULES: Mapping[str, Callable[[float], float]] = {
    "constant": constant,
    "cosine": cosine,
    "linear": linear,
    "one_cycle": one_cycle,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How the rates move over a run."""

    name: str = "constant"
    """One of `SCHEDULES`."""
    warmup: float = 0.0
    """Share of all steps with a linear rise from 0 before the schedule proper, in [0, 1)."""

    def __post_init__(self) -> None:
        if self.name not in SCHEDULES:
            raise RecipeError(f"There is no schedule called {self.name!r}. Known: {', '.join(SCHEDULES)}.")
        if not 0 <= self.warmup < 1:
            raise RecipeError(f"Warm-up is a share of the steps in [0, 1); got {self.warmup}.")

    def factor(self, step: int, total: int) -> float:
        """What every base rate is multiplied by at `step` of `total`, both counted from 1.

        With W = round(warmup x total): s / W up to W, then the schedule at (s - W) / (S - W).
        """
        warm = round(self.warmup * total)
        if step <= warm:
            return step / warm
        return SCHEDULES[self.name]((step - warm) / max(1, total - warm))
