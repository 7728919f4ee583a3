"""Inputs that stay on the GPU once they were read, where they take little of its memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tlcore.features.feeds import Feed, chunks, move

if TYPE_CHECKING:
    from tlcore.zoo.model import Inputs

__all__ = ["ResidentFeed", "room"]

SHARE = 12
"""A split may have one part in so many of a card's memory."""


def room(device: torch.device) -> int:
    """Bytes that one split may keep on the card."""
    return int(torch.cuda.get_device_properties(device).total_memory) // SHARE


class ResidentFeed:
    """A feed whose samples never vary: each is read and moved once, and later passes take it from the device.

    Inputs that are not one tensor, as those of texts, and splits that would outgrow `limit` bytes are read each time.
    """

    def __init__(self, feed: Feed, device: torch.device, *, limit: int) -> None:
        self._feed, self.labels, self._device, self._limit = feed, feed.labels, device, limit
        self._held: Tensor | None = None
        self._there = torch.zeros(len(feed), dtype=torch.bool)

    def __len__(self) -> int:
        return len(self._feed)

    def batches(self, size: int, order: Tensor | None = None, epoch: int = 0) -> Iterator[tuple[Inputs, Tensor]]:
        """The very batches of the feed, inputs on the device."""
        parts = list(chunks(len(self), size, order))
        if self._held is not None and all(bool(self._there[some].all()) for some in parts):
            for some in parts:
                yield self._held[some.to(self._device, non_blocking=True)], self.labels[some]
            return
        for some, (x, y) in zip(parts, self._feed.batches(size, order, epoch), strict=True):
            moved = move(x, self._device)
            self._keep(some, moved)
            yield moved, y

    def _keep(self, some: Tensor, x: Inputs) -> None:
        if not isinstance(x, Tensor) or len(self) * x[0].nbytes > self._limit:
            return
        if self._held is None:
            self._held = torch.empty((len(self), *x.shape[1:]), dtype=x.dtype, device=self._device)
        self._held[some.to(self._device, non_blocking=True)] = x
        self._there[some] = True
