"""Which learning rate: train for some steps while it rises, and see where the loss falls fastest.

Learning-rate range test, https://arxiv.org/abs/1506.01186, section 3.3.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import torch

from tlcore.errors import RunError
from tlcore.features.feeds import Feed, Feeds, move
from tlcore.training.criterion import order
from tlcore.training.loop import Training
from tlcore.training.recipe import Recipe
from tlcore.zoo.model import Inputs, TransferModel

__all__ = ["RangePoint", "Suggestion", "range_test", "suggest"]

BETA = 0.9
"""Of the running mean that smooths the loss."""
BLOWN_UP = 4.0
"""Times the lowest loss at which the test ends."""
FEWEST = 10
"""Points below which nothing can be read off the curve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RangePoint:
    """One step of the test."""

    step: int
    lr: float
    """Of the group with the highest rate; the others keep their proportions."""
    loss: float
    """Mean cross-entropy of the batch, nats."""
    smooth: float
    """Running mean of the loss, corrected for its start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What can be read off the curve."""

    lr: float
    """Where the smoothed loss falls fastest over the logarithm of the rate."""
    lowest: float
    """Where it is lowest: already too high to train at."""
    factor: float
    """`lr` over the recipe's own highest rate: what to multiply all rates by."""


def range_test(
    model: TransferModel, data: Feeds, recipe: Recipe, *, low: float = 1e-6, high: float = 1.0, steps: int = 100
) -> Iterator[RangePoint]:
    """Train the recipe's last phase on rates that rise from `low` to `high` by the same factor each step.

    The model is moved; build another for training. Ends early where the loss has blown up.
    """
    torch.manual_seed(recipe.seed)
    run = Training(model=model, data=data, recipe=recipe)
    run.at.phase = len(run.phases) - 1
    phase = run.phases[-1]
    run.begin(phase)
    by = run.fed()
    assert run.update is not None
    base, mean, lowest = max(phase.lrs.values()), 0.0, math.inf
    for step, (x, y) in zip(range(1, steps + 1), _endless(run, by.train), strict=False):
        lr = low * (high / low) ** ((step - 1) / max(1, steps - 1))
        measured = run.update.step(by.forward, move(x, run.device), y.to(run.device), lr / base)
        loss = float(measured.loss)
        if not math.isfinite(loss):
            return
        mean = BETA * mean + (1 - BETA) * loss
        smooth = mean / (1 - BETA**step)
        lowest = min(lowest, smooth)
        yield RangePoint(step=step, lr=lr, loss=loss, smooth=smooth)
        if step > FEWEST and smooth > BLOWN_UP * lowest:
            return


def suggest(points: Sequence[RangePoint], recipe_lr: float) -> Suggestion:
    """The steepest fall before the lowest point.

    Raises:
        RunError: the loss blew up before there was anything to see.
    """
    if len(points) < FEWEST:
        raise RunError(f"The loss blew up after {len(points)} steps: there is no learning rate to suggest.")
    bottom = min(range(len(points)), key=lambda i: points[i].smooth)
    width = max(1, len(points) // 20)
    falls = [
        (points[i + width].smooth - points[i - width].smooth, i) for i in range(width, max(width + 1, bottom - width))
    ]
    _, steepest = min(falls)
    lr = points[steepest].lr
    return Suggestion(lr=lr, lowest=points[bottom].lr, factor=lr / recipe_lr)


def _endless(run: Training, feed: Feed) -> Iterator[tuple[Inputs, torch.Tensor]]:
    for epoch in count(1):
        positions = order(run.recipe, run.labels, run.n_classes, epoch)
        yield from feed.batches(run.recipe.batch_size, positions, epoch)
