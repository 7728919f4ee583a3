"""Datasets as their owner keeps them: where one comes from, what it is called, and that it is gone."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tlcore.data.dataset import Dataset, content_folder, dataset_folder, list_datasets, load_dataset
from tlcore.data.names import readable
from tlcore.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["everything_left_out", "lineage", "remove", "rename"]

MAX_NAME_CHARS = 120


def lineage(dataset: Dataset) -> tuple[Dataset, ...]:
    """The versions that led to this one, the first one first, itself last; it begins after one that was deleted."""
    chain = [dataset]
    while (parent := chain[0].parent) and all(parent != one.id for one in chain):
        try:
            chain.insert(0, load_dataset(dataset.home, parent))
        except DataError:
            break
    return tuple(chain)


def everything_left_out(dataset: Dataset) -> pd.DataFrame:
    """`where` and `why` of all that was not taken in, here and in the versions that led here, each once."""
    import pandas as pd

    tables = [one.left_out() for one in lineage(dataset)]
    return pd.concat(tables, ignore_index=True).drop_duplicates(ignore_index=True)


def rename(dataset: Dataset, name: str) -> Dataset:
    """Call it something else; its samples, and so its id, stay as they are.

    Raises:
        DataError: no name is left of it, or the dataset is gone.
    """
    called = readable(name).strip()[:MAX_NAME_CHARS]
    if not called:
        raise DataError(f"A dataset needs a name; {name!r} holds no letter that can be shown.")
    renamed = replace(load_dataset(dataset.home, dataset.id), name=called)
    folder = dataset_folder(dataset.home, dataset.id)
    draft = folder / f".{os.getpid()}-dataset.json"
    draft.write_text(json.dumps(renamed.to_dict(), indent=1), encoding="utf-8")
    draft.replace(folder / "dataset.json")
    return renamed


def remove(dataset: Dataset) -> None:
    """Delete a dataset, and its files where no other dataset has the same content.

    Raises:
        DataError: it is gone already.
    """
    load_dataset(dataset.home, dataset.id)
    _discard(dataset_folder(dataset.home, dataset.id), dataset.home)
    if all(other.content != dataset.content for other in list_datasets(dataset.home)):
        _discard(content_folder(dataset.home, dataset.content), dataset.home)


def _discard(folder: Path, home: Path) -> None:
    """Out of its place in one step, then file by file: nobody finds half of it."""
    if not folder.exists():
        return
    incoming = home / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    gone = Path(tempfile.mkdtemp(prefix="gone-", dir=incoming))
    folder.rename(gone / folder.name)
    shutil.rmtree(gone, ignore_errors=True)
