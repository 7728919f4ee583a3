"""Deleting a run or a dataset with all that came of it, so that whatever crashes in between leaves it whole or gone."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from tlcore.data import Dataset
from tlcore.data.versions import remove
from tlcore.errors import DataError, RunError
from tlcore.lock import take
from tlcore.runs import jobs
from tlcore.runs.liveness import run_folder
from tlcore.runs.records import REST
from tlcore.runs.store import Store

__all__ = ["delete", "delete_dataset", "sweep"]

WAIT_SECONDS = 2.0
"""For a worker that has just ended its run to be gone."""
MARK = "deleted"
MOST_RUNS = 10_000
"""That are looked through for one that reads a dataset."""


def delete(store: Store, home: Path, run_id: str) -> None:
    """Mark the folder, forget the rows, then remove the folder. A mark counts only where the rows are gone.

    Raises:
        RunError: the run is live, or its worker has not gone yet.
    """
    folder = run_folder(home, run_id)
    lock = _quiet(folder) if folder.is_dir() else None
    try:
        if folder.is_dir():
            (folder / MARK).touch()
        if store.delete(run_id, where=REST):
            jobs.erase(home, run_id)
            _remove(folder)
        else:
            (folder / MARK).unlink(missing_ok=True)
            raise RunError(f"Run {run_id} waits or works: stop it before deleting it.")
    finally:
        if lock is not None:
            os.close(lock)


def delete_dataset(store: Store, dataset: Dataset) -> None:
    """Remove it with what was asked about it: its checks, its scores, its explanations.

    Raises:
        DataError: a run of it is live, or it is gone already.
    """
    reads = [run.id for run in store.runs(limit=MOST_RUNS) if run.live and run.dataset == dataset.id]
    if reads:
        raise DataError(f"A run of {dataset.name!r} is live ({', '.join(reads)}); stop it before deleting the dataset.")
    remove(dataset)
    jobs.erase(dataset.home, dataset.id)


def sweep(store: Store, home: Path) -> None:
    """Remove the folders of deletions that were cut short."""
    for mark in (home / "runs").glob(f"*/{MARK}"):
        if not store.has(mark.parent.name):
            _remove(mark.parent)


def _quiet(folder: Path) -> int:
    until = time.monotonic() + WAIT_SECONDS
    while (lock := take(folder / "lock")) is None:
        if time.monotonic() > until:
            raise RunError(f"The worker of run {folder.name} is still ending. Delete it in a moment.")
        time.sleep(0.05)
    return lock


def _remove(folder: Path) -> None:
    """The mark last, so that what is left over after a crash is found again."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != MARK:
            path.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
