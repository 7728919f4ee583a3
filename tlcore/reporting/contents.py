"""What a report tells, gathered from the store, the data and the kept answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlcore.data import Dataset, load_dataset
from tlcore.errors import DataError, RunError
from tlcore.reporting.samples import Sample, samples
from tlcore.runs.comparison import Comparison, compare, differences
from tlcore.runs.records import Point, Run
from tlcore.runs.store import open_store

__all__ = ["Contents", "gathered"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contents:
    """All of one report."""

    author: str
    """Who had it made; empty for nobody in particular."""
    made: float
    """When, in unix seconds."""
    runs: tuple[Run, ...]
    names: tuple[str, ...]
    """Of the runs; where two have one name, the id, before it, tells them apart."""
    dataset: Dataset | None
    """None where it was deleted since."""
    found: Comparison | None
    """None where no run has kept its answers on test."""
    differs: Mapping[str, tuple[Any, ...]]
    """Values that are not the same in all recipes, by their dotted names."""
    epochs: Mapping[str, tuple[Point, ...]]
    """The ends of epochs, by run."""
    samples: tuple[Sample, ...]
    """Some that the runs do not answer alike; of a single run, some that it has wrong."""
    n_samples: int
    """How many of those there are in all."""

    def named(self, run_id: str) -> str:
        """The name of one of the runs."""
        return self.names[[run.id for run in self.runs].index(run_id)]


def gathered(home: Path, run_ids: Sequence[str], *, author: str, now: float) -> Contents:
    """Read what is there; nothing is computed by a network.

    Raises:
        RunError: a run is not there, none is named, or they are on different data.
    """
    store = open_store(home)
    runs = tuple(store.run(one) for one in dict.fromkeys(run_ids))
    if not runs:
        raise RunError("A report needs a run: name one or more.")
    found, dataset = compare(home, runs), _dataset(home, runs[0])
    shown, n = samples(found, dataset) if found and dataset else ((), 0)
    return Contents(
        author=author,
        made=now,
        runs=runs,
        names=_names(runs),
        dataset=dataset,
        found=found,
        differs=differences([run.recipe for run in runs]),
        epochs=store.epochs(run.id for run in runs),
        samples=shown,
        n_samples=n,
    )


def _dataset(home: Path, run: Run) -> Dataset | None:
    try:
        return load_dataset(home, run.dataset)
    except DataError:
        return None


def _names(runs: Sequence[Run]) -> tuple[str, ...]:
    names = [run.name for run in runs]
    return tuple(run.name if names.count(run.name) == 1 else f"{run.id} · {run.name}" for run in runs)
