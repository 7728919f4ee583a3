"""Features from the store, computed when they are first asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from tlcore.features.backends import Embed
from tlcore.features.feeds import Read, Rows, chunks
from tlcore.features.inputs import Reader
from tlcore.features.store import Features
from tlcore.seeds import seed_of

__all__ = ["CachedFeed", "EmbeddingClock", "MixedFeed"]


class EmbeddingClock:
    """Counts what this process embedded."""

    def __init__(self) -> None:
        self.n, self.seconds = 0, 0.0

    def add(self, n: int, seconds: float) -> None:
        """Count `n` more samples that took so long."""
        self.n += n
        self.seconds += seconds


class CachedFeed:
    """A missing row is computed when its turn comes, together with the next ones to come: `gather` at least."""

    def __init__(
        self,
        read: Read,
        inputs: Reader,
        rows: Rows,
        labels: Tensor,
        table: Features,
        embed: Embed,
        clock: EmbeddingClock,
        *,
        gather: int = 0,
    ) -> None:
        self._gather = gather
        self._read, self._inputs, self._rows, self.labels = read, inputs, rows, labels
        self._table, self._embed, self._clock = table, embed, clock
        self._values = torch.from_numpy(table.values)
        self._where = torch.from_numpy(rows)
        self._complete = not len(table.missing(rows))
        self.window = max(inputs.window, gather)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def missing(self) -> int:
        """Samples still to compute."""
        return 0 if self._complete else len(self._table.missing(self._rows))

    def batches(self, size: int, order: Tensor | None = None, epoch: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Features (B, D)."""
        order = torch.arange(len(self)) if order is None else order
        for start in range(0, len(order), size):
            some = order[start : start + size]
            yield self.take(some, order[start : start + max(size, self.window)], size), self.labels[some]
        self._complete = not len(self._table.missing(self._rows))

    def take(self, now: Tensor, coming: Tensor, size: int) -> Tensor:
        """Features (B, D) of the positions `now`; if any is missing, all of `coming` are computed, `size` at a time."""
        if not self._complete and len(self._table.missing(self._rows[now.numpy()])):
            with self._table.computing():
                self._fill(self._table.missing(self._rows[coming.numpy()]), size)
        return self._values[self._where[now]]

    def _fill(self, rows: Rows, size: int) -> None:
        """All or none of `rows`: so a pass that was cut off goes on with the very batches it would have had."""
        if not len(rows):  # another process computed them while this one waited
            return
        begun = time.perf_counter()
        prepared = self._read(rows)
        by_length = sorted(range(len(rows)), key=lambda i: self._inputs.length(prepared[i]))
        size = max(size, self._gather)
        parts = [by_length[start : start + size] for start in range(0, len(rows), size)]
        features = [self._embed(self._inputs.collate([prepared[i] for i in part])) for part in parts]
        self._table.put(rows[by_length], torch.cat(features).float().cpu().numpy())
        self._clock.add(len(rows), time.perf_counter() - begun)


class MixedFeed:
    """Several views of the same samples; each time a sample comes up, one of its views is drawn."""

    def __init__(self, views: Sequence[CachedFeed], seed: int) -> None:
        self._views, self._seed = views, seed
        self.labels = views[0].labels

    def __len__(self) -> int:
        return len(self._views[0])

    def batches(self, size: int, order: Tensor | None = None, epoch: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Features (B, D)."""
        draw = torch.Generator().manual_seed(seed_of(self._seed, "views", epoch))
        drawn = torch.randint(len(self._views), (len(self),), generator=draw)
        for some in chunks(len(self), size, order):
            which = drawn[some]
            parts = [(which == i).nonzero().squeeze(1) for i in range(len(self._views))]
            taken = [view.take(some[part], some[part], size) for view, part in zip(self._views, parts, strict=True)]
            yield torch.cat(taken)[torch.argsort(torch.cat(parts))], self.labels[some]
