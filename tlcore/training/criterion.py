"""The loss of a batch: cross-entropy, with what helps against unequal classes and too sure a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from tlcore.data.augmentation import Augmentation
from tlcore.seeds import seed_of

if TYPE_CHECKING:
    from tlcore.training.recipe import Recipe

__all__ = ["Criterion", "class_weights", "mixer", "order"]


def class_weights(labels: Tensor, n_classes: int) -> Tensor:
    """(C,) weights n / (C n_c), mean 1 over the samples; 0 for a class without samples."""
    counts = torch.bincount(labels, minlength=n_classes).float()
    return torch.where(counts > 0, len(labels) / (n_classes * counts.clamp(min=1)), 0.0)


class Criterion:
    """Mean cross-entropy in nats, in parts that add up to that of the whole batch."""

    def __init__(self, weights: Tensor | None, label_smoothing: float) -> None:
        self._weights, self._smoothing = weights, label_smoothing

    def total(self, y: Tensor) -> Tensor:
        """What the mean divides by: samples, or their class weights. `y` is (B,) labels or (B, C) shares."""
        if self._weights is None:
            return torch.tensor(float(len(y)), device=y.device)
        return self._weights[y].sum() if y.ndim == 1 else (y @ self._weights).sum()

    def __call__(self, out: Tensor, y: Tensor, total: Tensor) -> Tensor:
        """Logits (B, C) of one part -> its share of the batch's mean, where `total` is that of the whole batch."""
        summed = cross_entropy(out, y, self._weights, reduction="sum", label_smoothing=self._smoothing)
        return summed / total


def mixer(augmentation: Augmentation, n_classes: int) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """MixUp (https://arxiv.org/abs/1710.09412) or CutMix (https://arxiv.org/abs/1905.04899), drawn for each batch.

    Images (B, 3, S, S) and labels (B,) -> mixed images and shares of classes (B, C).
    """
    from torchvision.transforms import v2

    alphas = ((v2.MixUp, augmentation.mixup), (v2.CutMix, augmentation.cutmix))
    kinds = [kind(alpha=alpha, num_classes=n_classes) for kind, alpha in alphas if alpha]

    def mix(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        if len(y) < 2:
            return x, one_hot(y, n_classes).float()
        mixed: tuple[Tensor, Tensor] = kinds[int(torch.randint(len(kinds), ()))](x, y)
        return mixed

    return mix


def order(recipe: Recipe, labels: Tensor, n_classes: int, epoch: int) -> Tensor:
    """Positions (N,) of the training samples in one epoch; `sampling` draws them so that classes come equally often."""
    draw = torch.Generator().manual_seed(seed_of(recipe.seed, "order", epoch))
    if recipe.balance == "sampling":
        return torch.multinomial(class_weights(labels, n_classes)[labels], len(labels), True, generator=draw)
    return torch.randperm(len(labels), generator=draw)
