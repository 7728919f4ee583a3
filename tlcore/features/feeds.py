"""How the loop gets its batches: inputs for a whole model, or stored features for a head alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tlcore.data import Dataset, Split
from tlcore.data.pixels import PixelStore
from tlcore.features.backends import Embed, Fastest
from tlcore.features.inputs import Reader, reader
from tlcore.features.store import Features, FeatureStore
from tlcore.shelf import shelf

if TYPE_CHECKING:
    from pathlib import Path

    from tlcore.zoo import Backbone
    from tlcore.zoo.model import Inputs

__all__ = [
    "CachedFeed",
    "DatasetFeeds",
    "Embedding",
    "EmbeddingClock",
    "Feed",
    "Feeds",
    "RawFeed",
    "TensorFeeds",
    "move",
]

Rows = NDArray[np.int64]
Read = Callable[[Rows], Sequence[Any]]
"""Rows of the dataset -> prepared samples."""


class Feed(Protocol):
    """One split, in batches."""

    def __len__(self) -> int:
        """Number of samples."""
        ...

    def batches(self, size: int, order: Tensor | None = None) -> Iterator[tuple[Inputs, Tensor]]:
        """Inputs and labels (B,) in the given order of positions (N,), or as they lie; the last batch may be short."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """How far the one pass through the frozen backbone is, over all splits."""

    done: int
    """Samples."""
    total: int
    seconds: float
    """Spent in this process."""
    fresh: int
    """Samples that this process computed, the rest were there."""

    @property
    def left(self) -> int:
        """Samples still to compute."""
        return self.total - self.done


class Feeds(Protocol):
    """All splits of one dataset for one backbone."""

    def raw(self, split: Split) -> Feed:
        """Inputs of the whole model."""
        ...

    def features(self, split: Split, embed: Embed) -> Feed:
        """Features (B, D) of the frozen backbone; those not in store are computed with `embed` as they are needed."""
        ...

    def embedding(self) -> Embedding:
        """Progress of the one pass."""
        ...


def move(x: Inputs, device: torch.device) -> Inputs:
    """The same batch on `device`."""
    if isinstance(x, Tensor):
        return x.to(device, non_blocking=True)
    return {name: part.to(device, non_blocking=True) for name, part in x.items()}


class RawFeed:
    """Samples as inputs of the whole model."""

    def __init__(self, read: Read, inputs: Reader, rows: Rows, labels: Tensor) -> None:
        self._read, self._inputs, self._rows, self._labels = read, inputs, rows, labels

    def __len__(self) -> int:
        return len(self._rows)

    def batches(self, size: int, order: Tensor | None = None) -> Iterator[tuple[Inputs, Tensor]]:
        """Inputs as the backbone reads them."""
        for some in _chunks(len(self), size, order):
            yield self._inputs.collate(self._read(self._rows[some.numpy()])), self._labels[some]


class CachedFeed:
    """Features from the store; a missing one is computed when its turn comes, together with the next ones to come."""

    def __init__(
        self,
        read: Read,
        inputs: Reader,
        rows: Rows,
        labels: Tensor,
        table: Features,
        embed: Embed,
        clock: EmbeddingClock,
    ) -> None:
        self._read, self._inputs, self._rows, self._labels = read, inputs, rows, labels
        self._table, self._embed, self._clock = table, embed, clock
        self._values = torch.from_numpy(table.values)
        self._where = torch.from_numpy(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def batches(self, size: int, order: Tensor | None = None) -> Iterator[tuple[Tensor, Tensor]]:
        """Features (B, D)."""
        complete = not len(self._table.missing(self._rows))
        order = torch.arange(len(self)) if order is None else order
        for start in range(0, len(order), size):
            some = order[start : start + size]
            if not complete:
                self._fill(some, order[start : start + max(size, self._inputs.window)], size)
            yield self._values[self._where[some]], self._labels[some]

    def _fill(self, now: Tensor, coming: Tensor, size: int) -> None:
        if not len(self._table.missing(self._rows[now.numpy()])):
            return
        with self._table.computing():
            begun = time.perf_counter()
            rows = self._table.missing(self._rows[coming.numpy()])
            prepared = self._read(rows)
            by_length = sorted(range(len(rows)), key=lambda i: self._inputs.length(prepared[i]))
            for start in range(0, len(rows), size):
                some = by_length[start : start + size]
                features = self._embed(self._inputs.collate([prepared[i] for i in some]))
                self._table.put(rows[some], features.float().cpu().numpy())
            self._clock.add(len(rows), time.perf_counter() - begun)


class EmbeddingClock:
    """Counts what this process embedded."""

    def __init__(self) -> None:
        self.n, self.seconds = 0, 0.0

    def add(self, n: int, seconds: float) -> None:
        self.n += n
        self.seconds += seconds


class DatasetFeeds:
    """A stored dataset, read for one backbone."""

    def __init__(
        self,
        dataset: Dataset,
        backbone: Backbone,
        home: Path,
        *,
        device: torch.device,
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._dataset, self._inputs = dataset, reader(backbone)
        self._read = _reading(dataset, self._inputs, home)
        self._backbone, self._home, self._device, self._tell = backbone, home, device, tell
        self._labels = torch.from_numpy(dataset.labels())
        self._rows = {split: dataset.rows(split) for split in ("train", "val", "test")}
        key = {
            "content": dataset.content,
            "backbone": backbone.name,
            "weights": backbone.package,
            "inputs": self._inputs.fingerprint,
            "precision": "float32",
        }
        self._key = key
        self._table: Features | None = None
        self._embed: Embed | None = None
        self._clock = EmbeddingClock()

    def raw(self, split: Split) -> Feed:
        """Inputs of the whole model."""
        rows = self._rows[split]
        return RawFeed(self._read, self._inputs, rows, self._labels[rows])

    def features(self, split: Split, embed: Embed) -> Feed:
        """Features (B, D) from the store."""
        rows = self._rows[split]
        self._table = self._table or self._open()
        self._embed = self._embed or self._fastest(embed)
        return CachedFeed(self._read, self._inputs, rows, self._labels[rows], self._table, self._embed, self._clock)

    def embedding(self) -> Embedding:
        """Progress of the one pass over all splits; nothing to do where no features are asked for."""
        if self._table is None:
            return Embedding(done=0, total=0, seconds=0.0, fresh=0)
        total = self._dataset.n_samples
        left = len(self._table.missing(np.arange(total)))
        return Embedding(done=total - left, total=total, seconds=self._clock.seconds, fresh=self._clock.n)

    def _open(self) -> Features:
        store = FeatureStore(shelf(self._home, "features"))
        return store.table(self._key, self._dataset.n_samples, self._backbone.n_features)

    def _fastest(self, embed: Embed) -> Embed:
        if self._device.type != "cpu":
            return embed
        folder = self._home / "graphs"
        return Fastest(embed, self._backbone, folder, tell=self._tell, left=lambda: self.embedding().left)


def _reading(dataset: Dataset, inputs: Reader, home: Path) -> Read:
    """How rows become prepared samples: images through the store of decoded pixels, texts as they are."""

    def prepared(row: int) -> Any:
        return inputs.prepare(dataset.sample(row))

    if dataset.modality != "image":
        return lambda rows: [prepared(int(row)) for row in rows]
    key = {"content": dataset.content, "inputs": inputs.fingerprint}
    return PixelStore(shelf(home, "pixels")).table(key, dataset.n_samples, prepared).read


class TensorFeeds:
    """Splits that are tensors already: (inputs, labels) each. For tests and notebooks."""

    def __init__(self, **splits: tuple[Tensor, Tensor]) -> None:
        self._splits = splits

    def raw(self, split: Split) -> Feed:
        """The inputs as given."""
        return _TensorFeed(*self._splits[split])

    def features(self, split: Split, embed: Embed) -> Feed:
        """The inputs embedded at once."""
        x, y = self._splits[split]
        return _TensorFeed(embed(x), y)

    def embedding(self) -> Embedding:
        """Nothing is stored."""
        return Embedding(done=0, total=0, seconds=0.0, fresh=0)


class _TensorFeed:
    def __init__(self, x: Tensor, y: Tensor) -> None:
        self._x, self._y = x, y

    def __len__(self) -> int:
        return len(self._y)

    def batches(self, size: int, order: Tensor | None = None) -> Iterator[tuple[Inputs, Tensor]]:
        for some in _chunks(len(self), size, order):
            yield self._x[some], self._y[some]


def _chunks(n: int, size: int, order: Tensor | None) -> Iterator[Tensor]:
    order = torch.arange(n) if order is None else order
    for start in range(0, len(order), size):
        yield order[start : start + size]
