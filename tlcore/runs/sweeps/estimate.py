"""What a sweep will take, from what was measured: the pace of finished runs alike, or steps that were really made."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import Any

from tlcore.data import Dataset
from tlcore.errors import TlcoreError
from tlcore.runs import jobs
from tlcore.runs.records import Point, Run
from tlcore.runs.studio import Studio
from tlcore.runs.sweeps.begin import some
from tlcore.runs.sweeps.plan import Plan, Values, recipe_of
from tlcore.strategies import FeatureExtraction
from tlcore.training import Recipe
from tlcore.training.outline import PhaseCost, outline
from tlcore.zoo import backbone

__all__ = ["Estimate", "Pace", "estimate", "paces", "questions"]

MOST_ALIKE = 5
"""Finished runs to learn a pace from, the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Of one backbone under one strategy on this data."""

    per_epoch: float
    """Seconds."""
    once: float
    """Seconds for what the first trial computes and all later ones read: features, or what frozen stages give."""
    start: float = 0.0
    """Seconds of each trial outside its epochs: model and data are made ready, weights are written."""
    test: float = 0.0
    """Seconds for the test split's features, which the winner alone meets."""
    measured: str
    """Where it is from, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Of the whole sweep, if nothing is pruned and nothing else waits."""

    trials: int
    seconds: float | None
    """None while the pace of some pair is unknown."""
    once: float
    """Seconds of it that later trials do not pay again."""
    unknown: tuple[tuple[str, str], ...]
    """Pairs of backbone and strategy whose pace nobody has measured."""
    capped: bool
    """The budget ends it before."""

    def __str__(self) -> str:
        return self.words({})

    def words(self, titles: Mapping[str, str]) -> str:
        """For people; `titles` of backbones and strategies by their names, which stand where one is missing."""
        count = f"{self.trials:,} {'trial' if self.trials == 1 else 'trials'}"
        if self.seconds is None and not self.unknown:
            return f"{count}, none of which can be trained."
        if self.seconds is None:
            pairs = ", ".join(f"{titles.get(one, one)} with {titles.get(how, how)}" for one, how in self.unknown[:3])
            more = f" and {len(self.unknown) - 3} more" if len(self.unknown) > 3 else ""
            return f"{count}; no pace is known yet of {pairs}{more}."
        words = f"{count}, about {_time(self.seconds)} in all"
        if self.once >= 1:
            words += f", {_time(self.once)} of it for features that are computed once and shared by all later trials"
        return f"{words}{'; the budget ends it before' if self.capped else ''}."


def estimate(plan: Plan, known: Mapping[tuple[str, str], Pace], slots: int) -> Estimate:
    """Add up what the trials take; a random search is taken as so many of the average trial.

    Args:
        known: Paces by backbone and strategy.
        slots: Runs that work at once.
    """
    recipes = [recipe for values in some(plan) if (recipe := _made(plan, values)) is not None]
    pairs = dict.fromkeys((recipe.backbone, recipe.strategy.name) for recipe in recipes)
    unknown = tuple(pair for pair in pairs if pair not in known)
    if unknown or not recipes:
        return Estimate(trials=plan.most(), seconds=None, once=0.0, unknown=unknown, capped=False)
    each = [_trial(recipe, known[recipe.backbone, recipe.strategy.name]) for recipe in recipes]
    once, last = _shared(known, pairs), mean(known[pair].start + known[pair].test for pair in pairs)
    seconds = (mean(each) * plan.most() + once) / max(1, slots) + last
    capped = plan.budget is not None and seconds > plan.budget
    return Estimate(trials=plan.most(), seconds=seconds, once=once, unknown=(), capped=capped)


def paces(plan: Plan, dataset: Dataset, studio: Studio) -> dict[tuple[str, str], Pace]:
    """What is known of each pair: of finished runs on the same data first, then of a cost that was measured."""
    found = _measured(plan, dataset, studio.home)
    runs = [run for run in studio.store.runs(status=("finished",)) if run.dataset == plan.dataset and run.epoch > 1]
    for pair in {(values["backbone"], values["strategy"]) for values in some(plan)}:
        alike = [run for run in runs if (run.backbone, run.strategy) == pair][:MOST_ALIKE]
        points = studio.store.epochs(run.id for run in alike)
        whole = [run for run in alike if len(points.get(run.id, ())) > 1]
        if whole:
            test = found[pair].test if pair in found else 0.0
            found[pair] = replace(_lived(whole, points), test=test)
    return found


def _lived(runs: Sequence[Run], points: Mapping[str, Sequence[Point]]) -> Pace:
    """Of runs that finished: what had to be computed once is there, so an epoch is like one of the later ones.

    Outside its epochs the quickest of them did nothing that another would not do again.
    """
    each = [median(b.time - a.time for a, b in pairwise(points[run.id])) for run in runs]
    around = [run.seconds(run.finished or 0.0) - run.epoch * one for run, one in zip(runs, each, strict=True)]
    words = f"{len(runs)} finished {'run' if len(runs) == 1 else 'runs'} alike"
    return Pace(per_epoch=median(each), once=0.0, start=max(0.0, min(around)), measured=words)


def questions(plan: Plan, unknown: Sequence[tuple[str, str]]) -> tuple[Mapping[str, Any], ...]:
    """The recipes whose cost a job can measure, one for each pair; pairs that cannot be trained are left out."""
    first: dict[tuple[str, str], Recipe] = {}
    for values in some(plan):
        pair = (values["backbone"], values["strategy"])
        if pair in unknown and pair not in first and (recipe := _made(plan, values)) is not None:
            first[pair] = recipe
    return tuple(recipe.to_dict() for recipe in first.values())


def _measured(plan: Plan, dataset: Dataset, home: Path) -> dict[tuple[str, str], Pace]:
    found: dict[tuple[str, str], Pace] = {}
    for about, answer in jobs.answers(home, "cost"):
        if about.get("dataset") != plan.dataset:
            continue
        try:
            recipe = Recipe.from_dict(about)
            found.setdefault((recipe.backbone, recipe.strategy.name), _pace(recipe, dataset, answer))
        except TlcoreError:  # of a backbone that is gone, or another version's
            continue
    return found


def _pace(recipe: Recipe, dataset: Dataset, answer: Mapping[str, Any]) -> Pace:
    """A batch of another size takes as long for each sample, so an epoch's time is the pair's."""
    n = {split: len(dataset.rows(split)) for split in ("train", "val", "test")}
    made = outline(recipe, backbone(recipe.backbone), n_classes=len(dataset.classes), n_train=n["train"])
    costs = [PhaseCost(**phase) for phase in answer["phases"]]
    whole = sum(c.seconds(p.steps, p.phase.epochs) for c, p in zip(costs, made.phases, strict=True))
    once = sum(cost.once for cost in costs)
    per_epoch, start = (whole - once) / recipe.epochs, float(answer.get("start", 0.0))
    test = once * n["test"] / max(1, n["train"] + n["val"])
    return Pace(per_epoch=per_epoch, once=once, start=start, test=test, measured="steps that were made")


def _trial(recipe: Recipe, pace: Pace) -> float:
    """Seconds."""
    return pace.start + recipe.epochs * pace.per_epoch


def _shared(known: Mapping[tuple[str, str], Pace], pairs: Iterable[tuple[str, str]]) -> float:
    """Features are one backbone's, whatever strategy reads them; other activations are each strategy's."""
    pairs = tuple(pairs)
    frozen = {pair[0]: known[pair].once for pair in pairs if pair[1] == FeatureExtraction.name}
    return sum(frozen.values()) + sum(known[pair].once for pair in pairs if pair[1] != FeatureExtraction.name)


def _made(plan: Plan, values: Values) -> Recipe | None:
    try:
        return recipe_of(plan, values)
    except TlcoreError:
        return None


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{max(1, math.ceil(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
