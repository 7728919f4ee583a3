"""Batches made ahead, in processes of their own, where the device would otherwise wait for them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from tlcore.features.feeds import RawFeed, chunks

if TYPE_CHECKING:
    from tlcore.zoo.model import Inputs

__all__ = ["LoadedFeed"]

MOST_WORKERS = 8
AHEAD = 4
"""Batches that each worker has ready."""


class LoadedFeed:
    """A `RawFeed` whose batches are read and varied on worker processes, in memory that the GPU can fetch from.

    The processes start with the first batch and stay until the feed is dropped: to fork a process that holds a GPU
    takes as long as many a short epoch.
    """

    def __init__(self, feed: RawFeed, *, workers: int | None = None) -> None:
        self._feed, self.labels = feed, feed.labels
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._workers = min(MOST_WORKERS, cores - 1) if workers is None else workers
        self._plan = _Plan()
        self._loader: DataLoader[Any] | None = None

    def __len__(self) -> int:
        return len(self._feed)

    def batches(self, size: int, order: Tensor | None = None, epoch: int = 0) -> Iterator[tuple[Inputs, Tensor]]:
        """The very batches of the feed, in the same order. One pass at a time: a new one ends that before it."""
        self._plan.asked = [_Asked(some=some, epoch=epoch) for some in chunks(len(self), size, order)]
        if self._loader is None:
            self._loader = self._started()
        yield from self._loader

    def _started(self) -> DataLoader[Any]:
        workers = min(self._workers, len(self._plan))
        return DataLoader(
            _Batches(self._feed),
            batch_size=None,
            sampler=self._plan,
            num_workers=workers,
            prefetch_factor=AHEAD if workers else None,
            persistent_workers=workers > 0,
            pin_memory=torch.cuda.is_available(),
            # What reads the samples cannot be pickled. The workers compute nothing on the GPU.
            multiprocessing_context="fork" if workers else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Asked:
    """One batch."""

    some: Tensor
    """Positions (B,)."""
    epoch: int


class _Plan(Sampler[_Asked]):
    """The batches of the pass that comes next."""

    def __init__(self) -> None:
        self.asked: Sequence[_Asked] = ()

    def __len__(self) -> int:
        return len(self.asked)

    def __iter__(self) -> Iterator[_Asked]:
        return iter(self.asked)


class _Batches(Dataset[tuple["Inputs", Tensor]]):
    def __init__(self, feed: RawFeed) -> None:
        self._feed = feed

    def __getitem__(self, asked: _Asked) -> tuple[Inputs, Tensor]:
        return self._feed.batch(asked.some, asked.epoch)
