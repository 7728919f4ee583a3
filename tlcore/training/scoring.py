"""Running a split through a model without training it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Literal

import torch
from torch import Tensor

from tlcore.features.feeds import Feed, move
from tlcore.training.events import Evaluated
from tlcore.zoo.model import Inputs, TransferModel

__all__ = ["Forward", "embedder", "logits"]

Forward = Callable[[Inputs], Tensor]
BATCH = 64
TELL_SECONDS = 0.1


def logits(
    model: TransferModel, forward: Forward, feed: Feed, split: Literal["val", "test"]
) -> Generator[Evaluated, None, tuple[Tensor, Tensor]]:
    """Score a split in eval mode, telling how far it is; returns logits (N, C) and labels (N,) on the CPU."""
    model.eval()
    device = next(model.parameters()).device
    scores, labels = [], []
    done, told = 0, time.monotonic()
    for x, y in feed.batches(BATCH):
        with torch.inference_mode():
            scores.append(forward(move(x, device)).float())
        labels.append(y)
        done += len(y)
        if time.monotonic() - told > TELL_SECONDS:
            told = time.monotonic()
            yield Evaluated(split=split, done=done, total=len(feed))
    return torch.cat(scores).cpu(), torch.cat(labels)


def embedder(model: TransferModel) -> Forward:
    """The frozen backbone as a pure function: inputs -> (B, D), in eval mode, without gradients."""
    device = next(model.parameters()).device

    def embed(x: Inputs) -> Tensor:
        model.backbone.eval()
        with torch.inference_mode():
            return model.features(move(x, device))

    return embed
