"""Reduced precision where the device gains by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tlcore.errors import RecipeError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["autocast", "chosen", "scaler"]


def chosen(name: str, device: torch.device) -> torch.dtype:
    """What the forward pass computes in. `auto` is bfloat16 on CUDA, float16 on cards without it, else float32.

    Raises:
        RecipeError: the device cannot compute in the type asked for.
    """
    import torch

    if name == "auto":
        if device.type != "cuda":
            return torch.float32
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if name == "float16" and device.type == "cpu":
        raise RecipeError("float16 gains nothing on a CPU and overflows easily: take bfloat16 or float32.")
    dtype: torch.dtype = getattr(torch, name)
    return dtype


def autocast(forward: Callable[[Any], Tensor], device: torch.device, dtype: torch.dtype) -> Callable[[Any], Tensor]:
    """The same function with its matrix products and convolutions in `dtype`; float32 leaves it as it is."""
    import torch

    if dtype == torch.float32:
        return forward

    def cast(x: Any) -> Tensor:
        with torch.autocast(device.type, dtype):
            return forward(x).float()

    return cast


def scaler(device: torch.device, dtype: torch.dtype) -> torch.amp.GradScaler:
    """Loss scaling, which only float16 needs: https://arxiv.org/abs/1710.03740, section 3.2."""
    import torch

    return torch.amp.GradScaler(device.type, enabled=dtype == torch.float16)
