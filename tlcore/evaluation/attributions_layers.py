"""Where in a network the maps are, and the attention: seen by one pass of an input through it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tlcore.evaluation.attributions import Method

__all__ = ["attention_maps", "last_maps", "methods"]


@dataclass(slots=True)
class _Seen:
    """What one pass showed, in the order in which modules ended."""

    maps: nn.Module | None = None
    """The last module that gave maps (B, C, h, w) with more than one place."""
    attended: bool = False
    """Attention came after those maps."""


def last_maps(model: nn.Module, x: Tensor) -> nn.Module | None:
    """The last module of the backbone that gives maps (B, C, h, w); None where attention is what follows them.

    So the stem of a vision transformer does not count, while the last stage of Swin or MaxViT does.
    """
    seen = _Seen()

    def ended(module: nn.Module, given: Any, out: Any) -> None:
        if isinstance(out, Tensor) and out.ndim == 4 and out.shape[2] == out.shape[3] > 1:
            seen.maps, seen.attended = module, False
        elif _attends(module):
            seen.attended = True

    with ExitStack() as hooks, torch.no_grad():
        for module in model.get_submodule("backbone").modules():
            hooks.enter_context(_removed(module.register_forward_hook(ended)))
        model(x)
    return None if seen.attended else seen.maps


def attention_maps(model: nn.Module, x: Tensor) -> list[Tensor]:
    """What each layer's attention weighs for one image: (heads, N, N) each; empty where no layer tells it alike."""
    found: list[Tensor] = []
    with ExitStack() as hooks, torch.no_grad():
        for module in model.get_submodule("backbone").modules():
            hooks.enter_context(_listening(module, found))
        model(x)
    whole = [weights[0] for weights in found if weights.ndim == 4 and len(weights) == len(x) == 1]
    alike = len(whole) == len(found) and len({weights.shape[-1] for weights in whole}) == 1
    return whole if alike and all(weights.shape[-1] == weights.shape[-2] for weights in whole) else []


def methods(model: nn.Module, x: Tensor) -> tuple[Method, ...]:
    """Those that fit the network, the one to begin with first; `x` is an image (1, 3, H, W)."""
    if last_maps(model, x) is not None:
        return ("grad_cam", "integrated_gradients")
    return ("attention_rollout", "integrated_gradients") if attention_maps(model, x) else ("integrated_gradients",)


@contextmanager
def _listening(module: nn.Module, found: list[Tensor]) -> Iterator[None]:
    """Collect the weights of an attention module of torch's or timm's, which keep them to themselves else."""
    with ExitStack() as stack:
        if isinstance(module, nn.MultiheadAttention):
            asked = {"need_weights": True, "average_attn_weights": False}
            before = module.register_forward_pre_hook(
                lambda _, given, named: (given[:3], {**named, **asked}), with_kwargs=True
            )
            after = module.register_forward_hook(lambda *seen: found.append(seen[2][1]))
            stack.enter_context(_removed(before))
            stack.enter_context(_removed(after))
        elif isinstance(getattr(module, "fused_attn", None), bool) and hasattr(module, "attn_drop"):
            stack.enter_context(_unfused(module))
            heard = module.get_submodule("attn_drop").register_forward_hook(lambda *seen: found.append(seen[2]))
            stack.enter_context(_removed(heard))
        yield


@contextmanager
def _unfused(module: Any) -> Iterator[None]:
    """A fused attention never writes its weights down."""
    before, module.fused_attn = module.fused_attn, False
    try:
        yield
    finally:
        module.fused_attn = before


@contextmanager
def _removed(hook: Any) -> Iterator[None]:
    try:
        yield
    finally:
        hook.remove()


def _attends(module: nn.Module) -> bool:
    return "attention" in type(module).__name__.lower()
