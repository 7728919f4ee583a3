"""One thing that a sweep varies, as a list of values or a range."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from tlcore.errors import RecipeError

__all__ = ["Axis"]

POINTS = 3
"""Places at which a grid takes a range."""
MOST_POINTS = 100
DECADES = 10.0
"""A range that goes at least this many times up is searched by its logarithm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Valid once built: values, or both ends of a range."""

    name: str
    """`backbone`, `strategy`, `rates`, `head.width`, or an option as `train --set` names it."""
    values: tuple[Any, ...] = ()
    """Plain values; empty for a range."""
    low: float | None = None
    high: float | None = None
    log: bool = False
    """Equal ratios are equally likely."""
    whole: bool = False
    """Whole numbers only."""
    points: int = POINTS
    """At which a grid takes the range, its ends among them."""

    def __post_init__(self) -> None:
        if self.values:
            object.__setattr__(self, "values", _distinct(self.values))
            return
        if self.low is None or self.high is None:
            raise RecipeError(f"Nothing to try for {self.name}: give values with commas between, or low..high.")
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise RecipeError(f"The range of {self.name} goes up, from a number to a larger one; got {self}.")
        if self.log and self.low <= 0:
            raise RecipeError(f"The range of {self.name} is logarithmic, so it begins above 0; got {self.low:g}.")
        if not 2 <= self.points <= MOST_POINTS:
            raise RecipeError(f"A grid takes a range at 2 to {MOST_POINTS} points; got {self.points} for {self.name}.")

    def __str__(self) -> str:
        if self.values:
            return ", ".join(one if isinstance(one, str) else json.dumps(one) for one in self.values)
        return f"{self.low:g}..{self.high:g}" + (f"/{self.points}" if self.points != POINTS else "")

    @classmethod
    def parse(cls, name: str, text: str) -> Axis:
        """From words: `16,32`, `[128],[256,64]`, `1e-4..1e-2`, or `1e-4..1e-2/5` for five points in a grid.

        Raises:
            RecipeError: it says no values.
        """
        low, dots, rest = text.partition("..")
        if not dots:
            return cls(name=name, values=_listed(text))
        high, _, points = rest.partition("/")
        try:
            ends = float(low), float(high)
            many = int(points) if points else POINTS
        except ValueError:
            raise RecipeError(f"A range is two numbers with .. between, as in 1e-4..1e-2; got {text!r}.") from None
        whole = all(end.strip().lstrip("-").isdecimal() for end in (low, high))
        log = ends[0] > 0 and ends[1] >= DECADES * ends[0]
        return cls(name=name, low=ends[0], high=ends[1], log=log, whole=whole, points=many)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Axis:
        """The inverse of `to_dict`."""
        return cls(**{**plain, "values": tuple(plain.get("values", ()))})

    def to_dict(self) -> dict[str, Any]:
        """Plain values only."""
        if self.values:
            return {"name": self.name, "values": list(self.values)}
        ends = {"low": self.low, "high": self.high, "log": self.log, "whole": self.whole, "points": self.points}
        return {"name": self.name, **ends}

    def choices(self) -> tuple[Any, ...]:
        """What a grid takes: the values, or points of the range, evenly apart, those of a log range by their ratio."""
        return self.values or _distinct(tuple(self.at(i / (self.points - 1)) for i in range(self.points)))

    def at(self, share: float) -> float | int:
        """The number so far along the range, `share` in [0, 1]."""
        assert self.low is not None and self.high is not None
        if self.log:
            value = math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + share * (self.high - self.low)
        value = min(self.high, max(self.low, float(f"{value:.4g}")))
        return round(value) if self.whole else value

    def draw(self, chance: Random) -> Any:
        """A value by chance."""
        return chance.choice(self.values) if self.values else self.at(chance.random())


def _listed(text: str) -> tuple[Any, ...]:
    """Values with commas between: JSON where it is that, else words."""
    try:
        return tuple(json.loads(f"[{text}]"))
    except ValueError:
        return tuple(_value(part.strip()) for part in text.split(",") if part.strip())


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple({json.dumps(one): one for one in values}.values())
