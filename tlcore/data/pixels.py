"""Decoded images, kept: each is decoded and resized once, then read back as it was.

Pixels lie one image after the other in one file, in the order of first use; an index says where, and how large.
A row of the index is written after the pixels it points to, so that nothing half-written is ever read.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tlcore.data.transforms import Pixels
from tlcore.lock import hold

__all__ = ["PixelStore", "PixelTable"]

Rows = NDArray[np.int64]
OFFSET, HEIGHT, WIDTH, THERE = range(4)


class PixelStore:
    """The tables below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def table(self, key: Mapping[str, str], n_rows: int, decode: Callable[[int], Pixels]) -> PixelTable:
        """The table for `key`, made empty if it is new; `decode` gives the pixels of a row not yet in it."""
        name = hashlib.sha256(json.dumps(dict(key), sort_keys=True).encode()).hexdigest()[:24]
        folder = self.folder / name
        if not folder.is_dir():
            self._make(folder, key, n_rows)
        return PixelTable(folder, decode)

    def _make(self, folder: Path, key: Mapping[str, str], n_rows: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".new-", dir=self.folder))
        np.lib.format.open_memmap(draft / "index.npy", mode="w+", dtype=np.int64, shape=(n_rows, 4)).flush()
        (draft / "pixels.bin").touch()
        (draft / "key.json").write_text(json.dumps(dict(key), indent=1, sort_keys=True))
        try:
            draft.rename(folder)
        except OSError:  # another process was first
            shutil.rmtree(draft, ignore_errors=True)


class PixelTable:
    """The decoded images of one dataset at one size; any number of processes may read and add."""

    def __init__(self, folder: Path, decode: Callable[[int], Pixels]) -> None:
        self.folder = folder
        self._decode = decode
        self._index: NDArray[np.int64] = np.load(folder / "index.npy", mmap_mode="r+")
        self._pixels: NDArray[np.uint8] = np.empty(0, np.uint8)
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="decode")

    def read(self, rows: Rows) -> list[Pixels]:
        """Pixels (H, W, 3) of each row; what was never decoded is decoded now, in parallel, and kept."""
        missing = rows[self._index[rows, THERE] == 0]
        if len(missing):
            self._add(np.unique(missing))
        return [self._view(*map(int, self._index[row, :THERE])) for row in rows]

    def _add(self, rows: Rows) -> None:
        decoded = list(self._pool.map(self._decode, rows.tolist()))
        with hold(self.folder / "lock"), (self.folder / "pixels.bin").open("ab") as file:
            offsets = self._append(file, file.tell(), decoded)
            shapes = [pixels.shape[:2] for pixels in decoded]
            self._index[rows, :THERE] = [(offset, *shape) for offset, shape in zip(offsets, shapes, strict=True)]
            self._index[rows, THERE] = 1

    def _append(self, file: BinaryIO, end: int, images: Sequence[Pixels]) -> list[int]:
        offsets = []
        for image in images:
            file.write(np.ascontiguousarray(image).data)
            offsets.append(end)
            end += image.nbytes
        file.flush()
        return offsets

    def _view(self, offset: int, height: int, width: int) -> Pixels:
        size = height * width * 3
        if len(self._pixels) < offset + size:  # the file has grown since it was mapped
            self._pixels = np.memmap(self.folder / "pixels.bin", np.uint8, "r")
        return self._pixels[offset : offset + size].reshape(height, width, 3)
