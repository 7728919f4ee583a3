"""Stored datasets from the shell: listed, renamed, deleted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from tlcore.commands.table import print_rows
from tlcore.errors import DataError
from tlcore.home import home

if TYPE_CHECKING:
    from tlcore.data import Dataset

__all__ = ["delete_dataset", "print_datasets", "rename_dataset"]


def print_datasets(as_json: bool) -> None:
    """A line for each dataset, the newest first."""
    from tlcore.data import list_datasets

    rows = [
        {
            "dataset": one.id,
            "name": one.name,
            "modality": one.modality,
            "samples": one.n_samples,
            "classes": len(one.classes),
            "source": one.source,
            "created": datetime.fromtimestamp(one.created).isoformat(sep=" ", timespec="minutes"),
        }
        for one in list_datasets(home())
    ]
    if not rows and not as_json:
        print("No dataset is stored here; python -m tlcore data PATH brings one.")
        return
    print_rows(rows, as_json)


def rename_dataset(paths: Sequence[str], name: str, as_json: bool) -> None:
    """Call it something else."""
    from tlcore.data.versions import rename

    renamed = rename(_stored(paths), name)
    print(json.dumps({"dataset": renamed.id, "name": renamed.name}) if as_json else f"{renamed.id}: {renamed.name}")


def delete_dataset(paths: Sequence[str], yes: bool, as_json: bool) -> None:
    """Remove it once somebody has agreed; not while a run reads it.

    Raises:
        DataError: a run of it is live, or nobody agreed.
    """
    from tlcore.runs import Studio
    from tlcore.runs.deletion import MOST_RUNS
    from tlcore.runs.deletion import delete_dataset as remove

    dataset, store = _stored(paths), Studio(home()).store
    n_runs = sum(run.dataset == dataset.id for run in store.runs(limit=MOST_RUNS))
    used = f", used by {n_runs} runs, which can then not be repeated" if n_runs else ""
    if not yes and not typer.confirm(f"Delete {dataset.name!r} ({dataset.n_samples:,} {dataset.modality}s{used})?"):
        raise DataError("Nothing was deleted.")
    remove(store, dataset)
    print(json.dumps({"dataset": dataset.id, "deleted": True}) if as_json else f"{dataset.id} is deleted.")


def _stored(paths: Sequence[str]) -> Dataset:
    from tlcore.data import load_dataset

    if len(paths) != 1:
        raise DataError(f"Name one dataset by its id; {len(paths)} were named. --list shows the ids.")
    return load_dataset(home(), paths[0])
