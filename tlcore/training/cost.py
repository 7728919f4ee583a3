"""What a training will take, from steps that were really made."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import torch

from tlcore.features.feeds import Feed, Feeds, move
from tlcore.training.feeding import Fed
from tlcore.training.loop import Training
from tlcore.training.outline import PhaseCost
from tlcore.training.recipe import Recipe
from tlcore.zoo.model import TransferModel

__all__ = ["measure"]

STEPS = 3
"""Timed ones of each phase, after one that warms up."""


def measure(
    model: TransferModel, data: Feeds, recipe: Recipe, *, tell: Callable[[float], None] = lambda share: None
) -> tuple[PhaseCost, ...]:
    """Take a few steps of every phase. The model is moved; build another for training."""
    torch.manual_seed(recipe.seed)
    run = Training(model=model, data=data, recipe=recipe)
    costs = []
    for i, phase in enumerate(run.phases):
        tell(i / len(run.phases))
        run.at.phase = i
        run.begin(phase)
        costs.append(_phase(run, run.fed()))
    return tuple(costs)


def _phase(run: Training, by: Fed) -> PhaseCost:
    size, n = run.recipe.batch_size, len(by.train)
    before = run.data.embedding()
    if run.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(run.device)
    taken = []
    for x, y in by.train.batches(size, torch.arange(min(n, size * (STEPS + 1))), 1):
        begun = time.perf_counter()
        assert run.update is not None
        float(run.update.step(by.forward, move(x, run.device), y.to(run.device), 1e-6).loss)
        taken.append((time.perf_counter() - begun) * size / len(y))
    step = min(taken[1:] or taken) + _reading(by.train, size)
    once, score = _once(run, before.seconds, before.fresh), _score(run, by)
    return PhaseCost(step=step, once=once, score=score, memory=_peak(run))


def _reading(feed: Feed, size: int) -> float:
    """Seconds to have a batch ready that was read before."""
    begun = time.perf_counter()
    next(iter(feed.batches(size, torch.arange(min(len(feed), size)), 1)))
    return time.perf_counter() - begun


def _once(run: Training, seconds: float, fresh: int) -> float:
    """What is left to compute, at the pace of what this phase has just computed."""
    now = run.data.embedding()
    new = now.fresh - fresh
    return now.left * (now.seconds - seconds) / new if new else 0.0


def _score(run: Training, by: Fed) -> float:
    """Scoring is about a third of a step's work; measured on one batch."""
    n = min(len(by.val), run.recipe.batch_size)
    with torch.inference_mode():
        x, _ = next(iter(by.val.batches(n, torch.arange(n))))
        begun = time.perf_counter()
        by.forward(move(x, run.device)).sum().item()
    return (time.perf_counter() - begun) * math.ceil(len(by.val) / n)


def _peak(run: Training) -> int:
    if run.device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(run.device))
    import psutil

    return int(psutil.Process().memory_info().rss)
