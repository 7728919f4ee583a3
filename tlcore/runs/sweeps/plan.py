"""What a sweep is to try, and how: plain data from which each trial's recipe follows."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product
from random import Random
from typing import Any

from tlcore.errors import RecipeError
from tlcore.runs.sweeps.axis import Axis
from tlcore.strategies import strategies
from tlcore.training import Recipe
from tlcore.zoo import Head

__all__ = ["METHODS", "MOST_TRIALS", "SCALE", "WIDTH", "Plan", "Values", "drawn", "grid", "known_options", "recipe_of"]

METHODS = ("grid", "random", "tpe")
MOST_TRIALS = 1_000
SCALE, WIDTH = "rates", "head.width"
"""Two names of a sweep's own: what all of a strategy's learning rates are multiplied by, and the units of a head's one
hidden layer, 0 for none."""
Values = Mapping[str, Any]
"""What one trial takes, by the names of axes; those that mean nothing to its strategy are absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Valid once built."""

    dataset: str
    """A stored dataset's id."""
    axes: tuple[Axis, ...]
    """`Axis` values; the first two are `backbone` and `strategy`."""
    method: str = "tpe"
    trials: int = 20
    """How many at most; a grid takes all of its combinations."""
    seed: int = 0
    """Of the search, and of every trial that does not vary its own."""
    budget: float | None = None
    """Seconds after which it stops; None for no limit."""
    pruning: bool = True
    """Hopeless runs are stopped by successive halving."""
    first: int = 1
    """The epoch of the first rung."""
    factor: int = 3
    """One in so many goes on at each rung, and the next rung is so many times later."""

    def __post_init__(self) -> None:
        names = [axis.name for axis in self.axes]
        if names[:2] != ["backbone", "strategy"] or len(set(names)) != len(names):
            raise RecipeError(f"A sweep varies backbone, strategy and options, each named once; got {names}.")
        if self.method not in METHODS:
            raise RecipeError(f"A sweep's method is one of {', '.join(METHODS)}; got {self.method!r}.")
        if not 1 <= self.trials <= MOST_TRIALS:
            raise RecipeError(f"A sweep has 1 to {MOST_TRIALS:,} trials; got {self.trials:,}.")
        if self.budget is not None and not self.budget > 0:
            raise RecipeError(f"A budget is a time above zero; got {self.budget:g} seconds.")
        if self.first < 1 or self.factor < 2:
            raise RecipeError("Rungs begin at epoch 1 or later, and the factor between them is 2 or more.")
        for axis in self.axes[2:]:
            if not any(axis.name in known_options(name) for name in self.axis("strategy").values):
                raise RecipeError(_unknown(axis.name, self.axis("strategy").values))
        if self.method == "grid" and (n := math.prod(len(axis.choices()) for axis in self.axes)) > 100 * MOST_TRIALS:
            raise RecipeError(f"This grid has {n:,} combinations. Leave some values out, or draw at random.")

    def axis(self, name: str) -> Axis:
        """The axis of that name."""
        return next(axis for axis in self.axes if axis.name == name)

    def most(self) -> int:
        """Trials there will be if nothing stops it."""
        return len(grid(self)) if self.method == "grid" else self.trials

    def to_dict(self) -> dict[str, Any]:
        """Plain values only."""
        return {**{f.name: getattr(self, f.name) for f in fields(self)}, "axes": [axis.to_dict() for axis in self.axes]}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Plan:
        """The inverse of `to_dict`."""
        return cls(**{**plain, "axes": tuple(Axis.from_dict(one) for one in plain["axes"])})


def known_options(strategy_name: str) -> frozenset[str]:
    """Names that mean something to recipes with this strategy."""
    kind = next((kind for kind in strategies() if kind.name == strategy_name), None)
    if kind is None:
        raise RecipeError(
            f"There is no strategy called {strategy_name!r}. Known: {', '.join(k.name for k in strategies())}."
        )
    own = {field.name for field in fields(kind)}
    plain = set(Recipe.__dataclass_fields__) - {
        "dataset", "backbone", "strategy", "phases", "extensions", "head", "optimizer", "schedule",
    }  # fmt: skip
    parts = {"head.hidden", "head.dropout", "optimizer", "schedule", SCALE, WIDTH}
    for part, of in (("optimizer", _part_fields("optimizer")), ("schedule", _part_fields("schedule"))):
        parts |= {f"{part}.{name}" for name in of}
    parts |= {f"augmentation.{name}" for name in _part_fields("augmentation")}
    return frozenset(own | plain | parts)


def grid(plan: Plan) -> tuple[Values, ...]:
    """Every combination once, in an order by the seed: a budget that ends it has then seen a fair part of each axis."""
    every = {
        json.dumps(values, sort_keys=True): values
        for values in (
            _fitting(plan, dict(zip([axis.name for axis in plan.axes], chosen, strict=True)))
            for chosen in product(*(axis.choices() for axis in plan.axes))
        )
    }
    found = list(every.values())
    Random(plan.seed).shuffle(found)
    return tuple(found)


def drawn(plan: Plan, number: int) -> Iterator[Values]:
    """Combinations by chance for the trial of this number, the same each time, without end."""
    chance = Random(f"{plan.seed}/{number}")
    while True:
        yield _fitting(plan, {axis.name: axis.draw(chance) for axis in plan.axes})


def recipe_of(plan: Plan, values: Values) -> Recipe:
    """The recipe of a trial.

    Raises:
        RecipeError: these values do not go together.
    """
    plain: dict[str, Any] = {"dataset": plan.dataset, "backbone": values["backbone"], "seed": plan.seed}
    plain["strategy"] = {"name": values["strategy"]}
    for name, value in values.items():
        if name not in ("backbone", "strategy", SCALE):
            _place(plain, name, value)
    _spread(plain.get("head", {}))
    made = Recipe.from_dict(plain)
    return made.scaled(values[SCALE]) if values.get(SCALE, 1) != 1 else made


def _place(plain: dict[str, Any], name: str, value: Any) -> None:
    part, _, last = name.rpartition(".")
    if name in (WIDTH, "head.hidden"):
        hidden = value if isinstance(value, list) else [value] if value else []
        plain.setdefault("head", {})["hidden"] = hidden
        first, later = Head().dropout
        plain["head"].setdefault("dropout", [first, *[later] * len(hidden)])
    elif part:
        plain.setdefault(part, {})[last] = value
    elif name in Recipe.__dataclass_fields__:
        plain[name] = {**plain.get(name, {}), **_named(name, value)} if name in _NAMED else value
    else:
        plain["strategy"][name] = value


def _spread(head: dict[str, Any]) -> None:
    """One dropout rate is that of every layer."""
    if isinstance(head.get("dropout"), int | float):
        head["dropout"] = [head["dropout"]] * (len(head.get("hidden", Head().hidden)) + 1)


_NAMED = {"optimizer": "name", "schedule": "name", "augmentation": "policy"}


def _named(part: str, value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {_NAMED[part]: value}


def _part_fields(part: str) -> Sequence[str]:
    from tlcore.data.augmentation import Augmentation
    from tlcore.strategies import Optimizer
    from tlcore.training.schedules import Schedule

    kind = {"optimizer": Optimizer, "schedule": Schedule, "augmentation": Augmentation}[part]
    return [field.name for field in fields(kind)]


def _fitting(plan: Plan, values: dict[str, Any]) -> Values:
    """Without what the chosen strategy does not know, a LoRA's rank for a frozen backbone for instance."""
    known = known_options(values["strategy"]) | {"backbone", "strategy"}
    return {name: value for name, value in values.items() if name in known}


def _unknown(name: str, chosen: Sequence[str]) -> str:
    known = sorted(frozenset().union(*(known_options(one) for one in chosen)))
    return f"None of {', '.join(chosen)} knows an option {name!r}. Known: {', '.join(known)}."
