"""Runs laid side by side: whether that is fair, in what their recipes differ, and what their scores can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tlcore.data import load_dataset
from tlcore.errors import DataError, RunError
from tlcore.evaluation.calibration import probabilities
from tlcore.evaluation.predictions import Predictions
from tlcore.evaluation.significance import Interval, McNemar, holm, interval, mcnemar, resampled
from tlcore.runs.answers import answers_of
from tlcore.runs.records import Run
from tlcore.runs.temperature import temperature_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "LEVEL",
    "Comparison",
    "Pair",
    "Score",
    "compare",
    "differences",
    "flat",
    "refuse_unlike",
    "unlike",
    "words",
]

LEVEL = 0.05
"""Below it a difference counts as shown."""
_LABELS = frozenset({"dataset", "name"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One run on the test split."""

    run: str
    accuracy: float
    accuracy_interval: Interval
    macro_f1: float
    macro_f1_interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two runs on the same test samples."""

    a: str
    b: str
    test: McNemar
    adjusted: float
    """The p-value after Holm's correction for the number of pairs."""
    difference: Interval
    """Of the accuracies, a minus b, from paired resamples."""

    @property
    def shown(self) -> bool:
        """The test has shown that one is better."""
        return self.adjusted < LEVEL


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """Runs of one dataset whose answers on test are kept."""

    runs: tuple[str, ...]
    rows: NDArray[np.int64]
    """(N,) of the dataset's manifest."""
    labels: NDArray[np.int64]
    """(N,)."""
    answers: NDArray[np.int64]
    """(R, N)."""
    confidence: NDArray[np.float64]
    """(R, N), of the answers: each run's logits divided by its temperature before the softmax."""
    temperatures: tuple[float, ...]
    """Of the runs; 1 where none was fitted."""
    scores: tuple[Score, ...]
    pairs: tuple[Pair, ...]

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain values, without the samples."""
        pairs = [asdict(pair) | {"difference_shown": pair.shown} for pair in self.pairs]
        return {"n": len(self.rows), "scores": [asdict(score) for score in self.scores], "pairs": pairs}


def unlike(home: Path, runs: Sequence[Run]) -> str | None:
    """Why these runs cannot be ranked together, as a sentence; None where they can.

    Two runs have the same data if content and split are the same; the dataset's id is a hash of both.
    """
    ids = list(dict.fromkeys(run.dataset for run in runs))
    if len(ids) < 2:
        return None
    names = {run.dataset: run.dataset_name for run in runs}
    a, b = ids[:2]
    try:
        contents = [load_dataset(home, one).content for one in (a, b)]
    except DataError:
        what = "are different datasets"
    else:
        same = contents[0] == contents[1]
        what = "have the same samples but another split" if same else "hold different samples"
    return (
        f"These runs are on different data and are not ranked together: {names[a]} ({a}) and {names[b]} ({b}) {what}. "
        "A score on one test split says nothing about a score on another."
    )


def refuse_unlike(home: Path, runs: Sequence[Run]) -> None:
    """Let only runs of the same data pass.

    Raises:
        RunError: they are on different data.
    """
    if reason := unlike(home, runs):
        raise RunError(reason)


def differences(recipes: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """The values that are not the same in all recipes, by their dotted names; None where a recipe has none."""
    given = [flat(recipe) for recipe in recipes]
    names = dict.fromkeys(name for recipe in given for name in recipe if name not in _LABELS)
    rows = {name: tuple(recipe.get(name) for recipe in given) for name in names}
    return {name: values for name, values in rows.items() if any(value != values[0] for value in values)}


def flat(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe's values by their dotted names."""
    return dict(_flat(recipe))


def compare(home: Path, runs: Sequence[Run]) -> Comparison | None:
    """What the kept answers on test tell of those runs that have them; None where no run does.

    Raises:
        RunError: they are on different data.
    """
    refuse_unlike(home, runs)
    found = {run.id: got for run in runs if (got := answers_of(home, run)) is not None}
    return _compared(found, tuple(temperature_of(home, run) for run in runs if run.id in found)) if found else None


def words(pair: Pair, accuracies: tuple[float, float]) -> str:
    """What a pair comes to, as a sentence, with A and B for the two."""
    a, b = (f"{100 * value:.1f} %" for value in accuracies)
    test = pair.test
    said = "a difference is shown" if pair.shown else "no difference shown"
    counts = f"{test.only_a:,} samples only A had right, {test.only_b:,} only B"
    return f"{a} against {b}: {counts}; p = {pair.adjusted:.2g}: {said}"


def _compared(found: Mapping[str, Predictions], temperatures: tuple[float, ...]) -> Comparison:
    names, first = tuple(found), next(iter(found.values()))
    answers = np.stack([one.answers for one in found.values()])
    draws = resampled(first.labels, answers, first.logits.shape[1])
    right = answers == first.labels
    places = list(combinations(range(len(names)), 2))
    tests = [mcnemar(right[i], right[j]) for i, j in places]
    adjusted = holm([test.p for test in tests])
    return Comparison(
        runs=names,
        rows=first.rows,
        labels=first.labels,
        answers=answers,
        confidence=np.stack(
            [probabilities(one.logits, by).max(1) for one, by in zip(found.values(), temperatures, strict=True)]
        ),
        temperatures=temperatures,
        scores=tuple(
            Score(
                run=name,
                accuracy=float(right[i].mean()),
                accuracy_interval=interval(draws.accuracy[i]),
                macro_f1=_macro_f1(first.labels, answers[i], first.logits.shape[1]),
                macro_f1_interval=interval(draws.macro_f1[i]),
            )
            for i, name in enumerate(names)
        ),
        pairs=tuple(
            Pair(
                a=names[i],
                b=names[j],
                test=test,
                adjusted=p,
                difference=interval(draws.accuracy[i] - draws.accuracy[j]),
            )
            for (i, j), test, p in zip(places, tests, adjusted, strict=True)
        ),
    )


def _macro_f1(labels: NDArray[np.int64], answers: NDArray[np.int64], n_classes: int) -> float:
    hit = np.bincount(labels[labels == answers], minlength=n_classes)
    either = np.bincount(labels, minlength=n_classes) + np.bincount(answers, minlength=n_classes)
    return float((2 * hit / np.maximum(either, 1)).mean())


def _flat(plain: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    out: list[tuple[str, Any]] = []
    for name, value in plain.items():
        inner = isinstance(value, Mapping)
        out += _flat(value, f"{before}{name}.") if inner else [(f"{before}{name}", value)]
    return out
