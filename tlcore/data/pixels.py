"""Decoded images, kept: each is decoded and resized once, then read back as it was.

Pixels lie one image after the other in one file, in the order of first use; an index says where, and how large.
A row of the index is written after the pixels it points to, so that nothing half-written is ever read.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tlcore.data.transforms import Pixels
from tlcore.lock import hold
from tlcore.shelf import Shelf

__all__ = ["PixelStore", "PixelTable"]

Rows = NDArray[np.int64]
OFFSET, HEIGHT, WIDTH, THERE = range(4)


class PixelStore:
    """The tables on one shelf, the longest unused of which go when there is no more room."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def table(self, key: Mapping[str, str], n_rows: int, decode: Callable[[int], Pixels]) -> PixelTable:
        """The table for `key`, made empty if it is new; `decode` gives the pixels of a row not yet in it."""

        def make(folder: Path) -> None:
            np.lib.format.open_memmap(folder / "index.npy", mode="w+", dtype=np.int64, shape=(n_rows, 4)).flush()
            (folder / "pixels.bin").touch()

        folder, holding = self.shelf.place(key, make)
        return PixelTable(folder, holding, decode)


class PixelTable:
    """The decoded images of one dataset at one size; any number of processes may read and add."""

    def __init__(self, folder: Path, holding: int, decode: Callable[[int], Pixels]) -> None:
        self.folder, self._decode = folder, decode
        weakref.finalize(self, os.close, holding)
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
