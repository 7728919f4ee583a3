"""Features of a frozen backbone, computed once and kept.

A table is named by all that decides its numbers. A row counts as there only once its flag is set, after its numbers.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tlcore.lock import hold
from tlcore.shelf import Shelf

__all__ = ["FeatureStore", "Features"]

Rows = NDArray[np.int64]


class Features:
    """One table (N, ...) of float32 on disk, shared by every process that maps it."""

    def __init__(self, folder: Path, holding: int) -> None:
        self.folder = folder
        weakref.finalize(self, os.close, holding)
        self.values: NDArray[np.float32] = np.load(folder / "values.npy", mmap_mode="r+")
        self._there: NDArray[np.uint8] = np.load(folder / "there.npy", mmap_mode="r+")

    def missing(self, rows: Rows) -> Rows:
        """Those of `rows` that are not computed yet, in the same order."""
        missing: Rows = rows[self._there[rows] == 0]
        return missing

    def put(self, rows: Rows, values: NDArray[np.float32] | Sequence[NDArray[np.float32]]) -> None:
        """Store values (n, ...) of `rows` (n,); or a sequence of them, each filling the beginning of its row."""
        if isinstance(values, np.ndarray):
            self.values[rows] = values
        else:
            for row, value in zip(rows, values, strict=True):
                self.values[row, : len(value)] = value
        self._there[rows] = 1

    def computing(self) -> AbstractContextManager[None]:
        """Held by the one process that computes rows now; the others wait, then find them there."""
        return hold(self.folder / "lock")


class FeatureStore:
    """The tables on one shelf, the longest unused of which go when there is no more room."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def table(self, key: Mapping[str, str], n_rows: int, *shape: int) -> Features:
        """The table for `key` with rows of this shape, made empty if it is new. Two processes may ask at once."""

        def make(folder: Path) -> None:
            values, there = (n_rows, *shape), (n_rows,)
            np.lib.format.open_memmap(folder / "values.npy", mode="w+", dtype=np.float32, shape=values).flush()
            np.lib.format.open_memmap(folder / "there.npy", mode="w+", dtype=np.uint8, shape=there).flush()

        return Features(*self.shelf.place(key, make))
