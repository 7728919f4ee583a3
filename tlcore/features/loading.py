"""Batches made ahead, in processes of their own, where the device would otherwise wait for them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from tlcore.features.feeds import RawFeed, chunks

if TYPE_CHECKING:
    from tlcore.zoo.model import Inputs

__all__ = ["LoadedFeed"]

MOST_WORKERS = 8
AHEAD = 4
"""Batches that each worker has ready."""


class LoadedFeed:
    """A `RawFeed` whose batches are read and varied on worker processes, in memory that the GPU can fetch from."""

    def __init__(self, feed: RawFeed, *, workers: int | None = None) -> None:
        self._feed, self.labels = feed, feed.labels
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._workers = min(MOST_WORKERS, cores - 1) if workers is None else workers

    def __len__(self) -> int:
        return len(self._feed)

    def batches(self, size: int, order: Tensor | None = None, epoch: int = 0) -> Iterator[tuple[Inputs, Tensor]]:
        """The very batches of the feed, in the same order."""
        parts = list(chunks(len(self), size, order))
        workers = min(self._workers, len(parts))
        yield from DataLoader(
            _Batches(self._feed, parts, epoch),
            batch_size=None,
            num_workers=workers,
            prefetch_factor=AHEAD if workers else None,
            pin_memory=torch.cuda.is_available(),
        )


class _Batches(Dataset[tuple["Inputs", Tensor]]):
    def __init__(self, feed: RawFeed, parts: Sequence[Tensor], epoch: int) -> None:
        self._feed, self._parts, self._epoch = feed, parts, epoch

    def __len__(self) -> int:
        return len(self._parts)

    def __getitem__(self, i: int) -> tuple[Inputs, Tensor]:
        return self._feed.batch(self._parts[i], self._epoch)
