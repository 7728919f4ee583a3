"""What a phase runs and what it reads: as little as the untouched part of the backbone allows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tlcore.features.boundary import cut
from tlcore.features.feeds import Feed, Feeds, move
from tlcore.precision import autocast
from tlcore.training.groups import set_modes
from tlcore.training.recipe import Recipe
from tlcore.training.scoring import Forward, embedder
from tlcore.zoo.model import Inputs, TransferModel

__all__ = ["Fed", "fed"]

PROBE_SAMPLES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """One phase's."""

    forward: Forward
    train: Feed
    val: Feed


def fed(model: TransferModel, data: Feeds, recipe: Recipe, untouched: int, dtype: torch.dtype) -> Fed:
    """Only the head, on stored features, while the backbone is what its weights file says; only what comes behind the
    first stages, on stored activations, while those are; else everything.

    Args:
        untouched: Stages from the input on whose weights and statistics no phase so far has moved.
        dtype: What the forward pass computes in.
    """
    varied = recipe.augmentation
    if untouched == len(model.stages()) and not varied.mixes and (varied.views or not varied.active):
        embed = embedder(model)
        return Fed(forward=model.head, train=data.features("train", embed), val=data.features("val", embed))
    if untouched and not varied.mixes and not varied.active:
        found = _behind(model, data, model.stages()[untouched - 1], dtype)
        if found:
            return found
    forward = autocast(model, _device(model), dtype)
    return Fed(forward=forward, train=data.raw("train"), val=data.raw("val"))


def _behind(model: TransferModel, data: Feeds, stage: str, dtype: torch.dtype) -> Fed | None:
    """What comes behind a frozen stage, and the activations it reads; None where the backbone has no such cut."""
    device = _device(model)
    x, _ = next(iter(data.raw("val").batches(PROBE_SAMPLES)))
    model.backbone.eval()
    names = [name.removeprefix("backbone.") for name in stage.split("|")]
    parts = cut(model.backbone, names, move(x, device))
    set_modes(model)
    if parts is None:
        return None

    def front(x: Inputs) -> Tensor:
        return autocast(parts.front, device, dtype)(move(x, device))

    train, val = data.activations("train", stage, front), data.activations("val", stage, front)
    if train is None or val is None:
        return None
    return Fed(forward=autocast(lambda x: model.head(parts.back(x)), device, dtype), train=train, val=val)


def _device(model: TransferModel) -> torch.device:
    return next(model.parameters()).device
