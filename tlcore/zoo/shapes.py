"""Networks without their numbers: every shape and name is there, no weight takes memory or time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

__all__ = ["shapes"]


class _Empty(TorchFunctionMode):
    """Makes `torch.empty`, which parameters are made of, on the meta device.

    `with torch.device("meta")` puts everything there, also what a constructor computes with, as RegNet's does.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return func(*args, **{**(kwargs or {}), **({"device": "meta"} if func is torch.empty else {})})


def shapes(make: Callable[[], nn.Module]) -> nn.Module:
    """The module that `make` makes, on the meta device."""
    with _Empty():
        module = make()
    return module.to("meta")
