"""A report's tables as rows of text and numbers, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tlcore.data import SPLITS
from tlcore.errors import TlcoreError
from tlcore.evaluation.significance import Interval
from tlcore.quantities import duration, percent
from tlcore.reporting.contents import Contents
from tlcore.runs.comparison import flat, words
from tlcore.runs.records import Run
from tlcore.zoo import backbone

__all__ = ["ClassRow", "Said", "classes", "data", "pairs", "recipes", "runs", "scores"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a test says of two runs."""

    a: str
    b: str
    words: str
    shown: bool
    """A difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRow:
    """One class, run by run."""

    name: str
    support: int
    scores: tuple[Mapping[str, float] | None, ...]
    """Recall, precision and F1 of each run; None where it has no score."""
    spread: float
    """Between the highest F1 and the lowest."""


def data(contents: Contents) -> list[tuple[str, list[int]]]:
    """Samples of each class in train, val and test, and of all of them; empty where the dataset is gone."""
    if contents.dataset is None:
        return []
    counts = contents.dataset.counts()
    rows = [(str(name), [int(n) for n in row]) for name, row in zip(counts.index, counts.to_numpy(), strict=True)]
    columns = [*SPLITS, "total"]
    return [*rows, ("All", [int(counts[column].sum()) for column in columns])]


def runs(contents: Contents) -> list[dict[str, str]]:
    """What each run is, how long it took and what it came to, by the names of the rows."""
    return [_run(run, contents.made) for run in contents.runs]


def scores(contents: Contents) -> list[tuple[str, str, str]]:
    """Name, accuracy and macro-F1 on test, each with its interval."""
    return [
        (
            contents.named(score.run),
            _between(score.accuracy, score.accuracy_interval),
            _between(score.macro_f1, score.macro_f1_interval),
        )
        for score in (contents.found.scores if contents.found else ())
    ]


def pairs(contents: Contents) -> list[Said]:
    """McNemar's test in words, pair by pair."""
    if contents.found is None:
        return []
    accuracy = {score.run: score.accuracy for score in contents.found.scores}
    return [
        Said(
            a=contents.named(pair.a),
            b=contents.named(pair.b),
            words=words(pair, (accuracy[pair.a], accuracy[pair.b])),
            shown=pair.shown,
        )
        for pair in contents.found.pairs
    ]


def recipes(contents: Contents) -> list[tuple[str, tuple[Any, ...]]]:
    """Every value of the recipes by its dotted name; None where a recipe has none."""
    all_flat = [flat(run.recipe) for run in contents.runs]
    names = dict.fromkeys(name for recipe in all_flat for name in recipe)
    return [(name, tuple(recipe.get(name) for recipe in all_flat)) for name in names]


def classes(contents: Contents) -> list[ClassRow]:
    """The classes on which the runs differ most first; of a single run, the worst first."""
    tables = [_per_class(run) for run in contents.runs]
    first = next((table for table in tables if table), {})
    rows = [_class(name, first[name]["support"], [table.get(name) for table in tables]) for name in first]
    alone = sum(bool(table) for table in tables) == 1
    return sorted(rows, key=lambda row: _lowest(row) if alone else -row.spread)


def _between(value: float, bounds: Interval) -> str:
    return f"{percent(value)} ({percent(bounds.low)} to {percent(bounds.high)})"


def _class(name: str, support: float, given: list[Mapping[str, float] | None]) -> ClassRow:
    f1 = [one["f1"] for one in given if one]
    return ClassRow(name=name, support=int(support), scores=tuple(given), spread=max(f1) - min(f1))


def _lowest(row: ClassRow) -> float:
    return min(one["f1"] for one in row.scores if one)


def _per_class(run: Run) -> dict[str, Mapping[str, float]]:
    return {str(row["name"]): row for row in run.report["per_class"]} if run.report else {}


def _run(run: Run, now: float) -> dict[str, str]:
    return {
        "Run": run.id,
        "By": run.user or "–",
        "Backbone": run.backbone,
        "Parameters": _parameters(run.backbone),
        "Strategy": run.strategy.replace("_", " "),
        "State": f"{run.status}, {run.epoch:,} of {run.epochs:,} epochs",
        "Best epoch": "–" if run.best_epoch is None else f"{run.best_epoch:,}",
        "Val accuracy": percent(run.val_accuracy),
        "Test accuracy": percent(run.test_accuracy),
        "Time of work": duration(run.seconds(now)),
        "Worked on": run.host or "–",
        "Tags": ", ".join(run.tags) or "–",
        "Note": run.remark or "–",
    }


def _parameters(name: str) -> str:
    try:
        return f"{backbone(name).n_params:,}"
    except TlcoreError:
        return "–"
