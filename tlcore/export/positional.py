"""Exporters take tensors by position, and a graph names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from tlcore.zoo import Backbone

if TYPE_CHECKING:
    from tlcore.zoo.model import Inputs

__all__ = ["ByPosition", "by_name", "example", "free", "names"]


class ByPosition(nn.Module):
    """A classifier whose inputs are tensors in the order of `names`."""

    def __init__(self, model: nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *given: Tensor) -> Tensor:
        """`pixels` (N, 3, S, S), or tokens (N, T) each -> logits (N, C)."""
        x = given[0] if self.names == ("pixels",) else dict(zip(self.names, given, strict=True))
        scores: Tensor = self.model(x)
        return scores


def names(record: Backbone) -> tuple[str, ...]:
    """Of the inputs."""
    return ("pixels",) if record.modality == "image" else record.tokens


def example(record: Backbone) -> tuple[Tensor, ...]:
    """Inputs to trace with."""
    if record.modality == "image":
        return (torch.zeros(2, 3, record.input_size, record.input_size),)
    return tuple(torch.ones(2, 16, dtype=torch.long) for _ in record.tokens)


def free(record: Backbone) -> tuple[dict[int, Any], ...]:
    """The dimensions of each input that may have any length."""
    n = torch.export.Dim("n")
    if record.modality == "image":
        return ({0: n},)
    return tuple({0: n, 1: torch.export.Dim("t", max=record.max_tokens)} for _ in record.tokens)


def by_name(record: Backbone, x: Inputs) -> dict[str, Tensor]:
    """A batch with names also where there is one input."""
    return {"pixels": x} if isinstance(x, Tensor) else {name: x[name] for name in record.tokens}
