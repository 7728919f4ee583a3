"""How the loop gets its batches: inputs for a whole model, or stored features for a head alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tlcore.data import Split
from tlcore.features.backends import Embed
from tlcore.features.inputs import Reader

if TYPE_CHECKING:
    from tlcore.zoo.model import Inputs

__all__ = [
    "Embedding",
    "Feed",
    "Feeds",
    "Front",
    "RawFeed",
    "Read",
    "ReadVaried",
    "Rows",
    "TensorFeeds",
    "chunks",
    "move",
]

Rows = NDArray[np.int64]
Read = Callable[[Rows], Sequence[Any]]
"""Rows of the dataset -> prepared samples."""
Front = Callable[["Inputs"], Tensor]
ReadVaried = Callable[[Rows, int], Sequence[Any]]
"""Rows of the dataset and an epoch -> prepared samples as that epoch shows them."""


class Feed(Protocol):
    """One split, in batches."""

    @property
    def labels(self) -> Tensor:
        """Of all samples (N,)."""
        ...

    def __len__(self) -> int:
        """Number of samples."""
        ...

    def batches(self, size: int, order: Tensor | None = None, epoch: int = 0) -> Iterator[tuple[Inputs, Tensor]]:
        """Inputs and labels (B,) in the given order of positions (N,), or as they lie; the last batch may be short.

        How a sample is varied follows from the `epoch` and its position alone.
        """
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

    def activations(self, split: Split, stage: str, front: Front) -> Feed | None:
        """What the backbone says behind the frozen `stage`, kept like features; None where there is no room for it.

        `front` computes it: inputs -> (B, ...).
        """
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

    def __init__(self, read: ReadVaried, inputs: Reader, rows: Rows, labels: Tensor) -> None:
        self._read, self._inputs, self._rows, self.labels = read, inputs, rows, labels

    def __len__(self) -> int:
        return len(self._rows)

    def batches(self, size: int, order: Tensor | None = None, epoch: int = 0) -> Iterator[tuple[Inputs, Tensor]]:
        """Inputs as the backbone reads them."""
        for some in chunks(len(self), size, order):
            yield self.batch(some, epoch)

    def batch(self, some: Tensor, epoch: int) -> tuple[Inputs, Tensor]:
        """Inputs and labels (B,) of the positions `some`."""
        return self._inputs.collate(self._read(self._rows[some.numpy()], epoch)), self.labels[some]


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

    def activations(self, split: Split, stage: str, front: Front) -> Feed | None:
        """The inputs passed through the front at once."""
        x, y = self._splits[split]
        return _TensorFeed(front(x).clone(), y)  # out of inference mode, so that gradients may pass behind it

    def embedding(self) -> Embedding:
        """Nothing is stored."""
        return Embedding(done=0, total=0, seconds=0.0, fresh=0)


class _TensorFeed:
    def __init__(self, x: Tensor, y: Tensor) -> None:
        self._x, self.labels = x, y

    def __len__(self) -> int:
        return len(self.labels)

    def batches(self, size: int, order: Tensor | None = None, epoch: int = 0) -> Iterator[tuple[Inputs, Tensor]]:
        for some in chunks(len(self), size, order):
            yield self._x[some], self.labels[some]


def chunks(n: int, size: int, order: Tensor | None) -> Iterator[Tensor]:
    """Positions (N,) in the given order, or as they lie, `size` at a time; the last may be fewer."""
    order = torch.arange(n) if order is None else order
    for start in range(0, len(order), size):
        yield order[start : start + size]
