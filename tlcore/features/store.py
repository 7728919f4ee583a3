"""Features of a frozen backbone, computed once and kept.

A table is named by all that decides its numbers. A row counts as there only once its flag is set, after its numbers.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tlcore.lock import hold

__all__ = ["FeatureStore", "Features"]

Rows = NDArray[np.int64]


class Features:
    """One table (N, D) of float32 on disk, shared by every process that maps it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.values: NDArray[np.float32] = np.load(folder / "values.npy", mmap_mode="r+")
        self._there: NDArray[np.uint8] = np.load(folder / "there.npy", mmap_mode="r+")

    def missing(self, rows: Rows) -> Rows:
        """Those of `rows` that are not computed yet, in the same order."""
        missing: Rows = rows[self._there[rows] == 0]
        return missing

    def put(self, rows: Rows, values: NDArray[np.float32]) -> None:
        """Store (n, D) values of `rows` (n,)."""
        self.values[rows] = values
        self._there[rows] = 1

    def computing(self) -> AbstractContextManager[None]:
        """Held by the one process that computes rows now; the others wait, then find them there."""
        return hold(self.folder / "lock")


class FeatureStore:
    """The tables below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def table(self, key: Mapping[str, str], n_rows: int, n_features: int) -> Features:
        """The table for `key`, made empty if it is new. Two processes may ask at once."""
        name = hashlib.sha256(json.dumps(dict(key), sort_keys=True).encode()).hexdigest()[:24]
        folder = self.folder / name
        if not folder.is_dir():
            self._make(folder, key, n_rows, n_features)
        return Features(folder)

    def _make(self, folder: Path, key: Mapping[str, str], n_rows: int, n_features: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".new-", dir=self.folder))
        for name, shape, kind in (("values", (n_rows, n_features), np.float32), ("there", (n_rows,), np.uint8)):
            np.lib.format.open_memmap(draft / f"{name}.npy", mode="w+", dtype=kind, shape=shape).flush()
        (draft / "key.json").write_text(json.dumps(dict(key), indent=1, sort_keys=True))
        try:
            draft.rename(folder)
        except OSError:  # another process was first
            shutil.rmtree(draft, ignore_errors=True)
