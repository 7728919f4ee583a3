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

__all__ = ["Forward", "embedder", "logits", "macro_f1", "out_of_memory"]

Forward = Callable[[Inputs], Tensor]
BATCH = 64
TELL_SECONDS = 0.1


def logits(
    model: TransferModel, forward: Forward, feed: Feed, split: Literal["val", "test"], *, batch: int = BATCH
) -> Generator[Evaluated, None, tuple[Tensor, Tensor]]:
    """Score a split in eval mode, telling how far it is; returns logits (N, C) and labels (N,) on the CPU.

    Out of memory, it begins again with half the `batch`.
    """
    model.eval()
    while True:
        try:
            return (yield from _logits(model, forward, feed, split, batch))
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error) or batch < 2:
                raise
        batch //= 2


def _logits(
    model: TransferModel, forward: Forward, feed: Feed, split: Literal["val", "test"], batch: int
) -> Generator[Evaluated, None, tuple[Tensor, Tensor]]:
    device = next(model.parameters()).device
    scores, labels = [], []
    done, told = 0, time.monotonic()
    for x, y in feed.batches(batch):
        with torch.inference_mode():
            scores.append(forward(move(x, device)).float())
        labels.append(y)
        done += len(y)
        if time.monotonic() - told > TELL_SECONDS:
            told = time.monotonic()
            yield Evaluated(split=split, done=done, total=len(feed))
    return torch.cat(scores).cpu(), torch.cat(labels)


def out_of_memory(error: BaseException) -> bool:
    """Whether the device, or the machine, had no more memory to give."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def macro_f1(scores: Tensor, labels: Tensor) -> float:
    """Mean over the classes of F1 = 2 TP / (2 TP + FP + FN), 0 where a class neither occurs nor is predicted.

    Logits (N, C) and labels (N,), as scikit-learn's `f1_score(average="macro", labels=range(C), zero_division=0)`.
    """
    n_classes, predicted = scores.shape[1], scores.argmax(1)
    right = torch.bincount(labels[predicted == labels], minlength=n_classes).double()
    either = torch.bincount(labels, minlength=n_classes) + torch.bincount(predicted, minlength=n_classes)
    return float((2 * right / either.clamp(min=1)).mean())


def embedder(model: TransferModel) -> Forward:
    """The frozen backbone as a pure function: inputs -> (B, D), in eval mode, without gradients."""
    device = next(model.parameters()).device

    def embed(x: Inputs) -> Tensor:
        model.backbone.eval()
        with torch.inference_mode():
            return model.features(move(x, device))

    return embed
