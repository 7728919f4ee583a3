"""Which places of an image a score rests on."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from tlcore.errors import TlcoreError
from tlcore.evaluation.attributions import STEPS, Heat, Method, Tell
from tlcore.evaluation.attributions_layers import attention_maps, last_maps
from tlcore.evaluation.attributions_path import path_sum

__all__ = ["attribute_image"]

AT_ONCE = 8
"""Points of the path in one batch, which bounds the memory."""


def attribute_image(
    model: nn.Module, x: Tensor, target: int, method: Method, tell: Tell = lambda share: None, *, steps: int = STEPS
) -> Heat:
    """The map of an image (1, 3, H, W) for class `target`, by one of the `methods` that fit the model in eval mode.

    Raises:
        TlcoreError: the method does not fit this network.
    """
    made = {"grad_cam": _grad_cam, "attention_rollout": _rollout}
    if method == "integrated_gradients":
        return _integrated(model, x, target, tell, steps)
    values = made[method](model, x, target)
    if values is None:
        raise TlcoreError(f"{method} does not fit {type(model).__name__}: choose integrated_gradients.")
    return Heat(values=_enlarged(values, x).float().cpu().numpy(), method=method)


def _grad_cam(model: nn.Module, x: Tensor, target: int) -> Tensor | None:
    """(h, w), with its sign: https://arxiv.org/abs/1610.02391, before the ReLU of its equation 2."""
    from captum.attr import LayerGradCam

    layer = last_maps(model, x)
    if layer is None:
        return None
    given = x.detach().clone().requires_grad_()  # frozen weights alone would leave nothing to differentiate
    found = LayerGradCam(model, layer).attribute(given, target=target, relu_attributions=False)
    return cast(Tensor, found).detach()[0, 0]


def _rollout(model: nn.Module, x: Tensor, target: int) -> Tensor | None:
    """(h, w): attention with the residual paths, multiplied through. https://arxiv.org/abs/2005.00928, section 3."""
    layers = attention_maps(model, x)
    if not layers:
        return None
    n = layers[0].shape[-1]
    side = math.isqrt(n)
    own = torch.eye(n, device=x.device)
    through = own
    for weights in layers:  # (heads, N, N)
        mixed = 0.5 * weights.float().mean(0) + 0.5 * own
        through = mixed @ through
    lead = n - side * side  # class and register tokens come first
    read = through[0] if lead else through.mean(0)
    return read[lead:].reshape(side, side)


def _integrated(model: nn.Module, x: Tensor, target: int, tell: Tell, steps: int) -> Heat:
    """In logits, summed over the channels; the baseline is the mean colour that inputs are normalised by."""
    from captum.attr import IntegratedGradients

    baseline = torch.zeros_like(x)

    def along(forward: nn.Module, n: int) -> Tensor:
        return cast(
            Tensor,
            IntegratedGradients(forward).attribute(
                x, baseline, target=target, n_steps=n, internal_batch_size=min(AT_ONCE, n)
            ),
        )

    found, sums = path_sum(model, (x,), (baseline,), target, along, tell, steps, AT_ONCE)
    return Heat(values=found[0].sum(0).float().cpu().numpy(), method="integrated_gradients", sums=sums)


def _enlarged(values: Tensor, x: Tensor) -> Tensor:
    """(h, w) -> (H, W)."""
    return functional.interpolate(values[None, None].float(), size=x.shape[-2:], mode="bilinear", align_corners=False)[
        0, 0
    ]
