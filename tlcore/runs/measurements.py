"""The measurements that pages ask for, as plain values in and out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tlcore.data import load_dataset
from tlcore.device import torch_device
from tlcore.errors import RecipeError
from tlcore.features.stored import DatasetFeeds
from tlcore.runs.making import made
from tlcore.strategies import Preparing
from tlcore.training import Recipe
from tlcore.training.cost import measure
from tlcore.training.range_test import range_test, suggest
from tlcore.zoo import backbone
from tlcore.zoo.model import TransferModel

__all__ = ["advice", "bounded", "cost", "rate_range", "shapes"]

RANGE_STEPS = 100
MOST_MEMORY = 2**32
"""Bytes that the description of a pasted model may take beyond what the process has."""
MOST_SECONDS = 60
"""Of processor time for it."""
Tell = Callable[[float, str], None]


def shapes(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """The matrices of a backbone, or of a model that somebody pasted the config of; no weight is made."""
    from tlcore.adapters.configuration import refuse_absurd
    from tlcore.adapters.describing import describe_backbone, describe_config

    if "backbone" in about:
        return describe_backbone(backbone(about["backbone"])).to_dict()
    refuse_absurd(about["config"])
    with bounded(MOST_MEMORY, MOST_SECONDS):
        return describe_config(about["config"], name=about["name"]).to_dict()


@contextmanager
def bounded(memory: int, seconds: int) -> Iterator[None]:
    """Let this process take so much more memory and processor time: beyond, it is refused or killed.

    Raises:
        RecipeError: the memory was not enough.
    """
    import resource

    import psutil

    taken, before = psutil.Process(), resource.getrlimit(resource.RLIMIT_AS)
    cpu = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_AS, (taken.memory_info().vms + memory, before[1]))
    resource.setrlimit(resource.RLIMIT_CPU, (int(sum(taken.cpu_times()[:2])) + seconds, cpu[1]))
    try:
        yield
    except MemoryError:
        raise RecipeError(f"This model's description alone takes more than {memory >> 20:,} MiB.") from None
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
        resource.setrlimit(resource.RLIMIT_CPU, cpu)


def cost(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Seconds and bytes of each phase of a recipe, and the seconds before the first."""
    tell(0.0, "loading the model")
    recipe, begun = Recipe.from_dict(about), time.perf_counter()
    model, data = _made(home, recipe)
    start = time.perf_counter() - begun
    costs = measure(model, data, recipe, tell=lambda share: tell(share, "taking some steps of each phase"))
    device = next(model.parameters()).device
    return {"phases": [asdict(cost) for cost in costs], "start": start, "device": device.type}


def rate_range(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """The curve of a learning-rate range test and what it suggests."""
    tell(0.0, "loading the model")
    recipe = Recipe.from_dict(about)
    model, data = _made(home, recipe)
    points = []
    for point in range_test(model, data, recipe, steps=RANGE_STEPS):
        points.append(point)
        tell(point.step / RANGE_STEPS, f"step {point.step} of {RANGE_STEPS}")
    highest = max(recipe.plan(model)[-1].lrs.values())
    return {"points": [asdict(point) for point in points], "suggestion": asdict(suggest(points, highest))}


def advice(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """What to train on this dataset with this backbone, and why."""
    from tlcore.advisor.advice import Advice, advise

    dataset, record = load_dataset(home, about["dataset"]), backbone(about["backbone"])
    found: Advice = advise(dataset, record, home, device=torch_device(), tell=lambda words, share: tell(share, words))
    return found.to_dict()


def _made(home: Path, recipe: Recipe) -> tuple[TransferModel, DatasetFeeds]:
    """The model as a run would begin with it, and its data."""
    model, data, _ = made(home, recipe)
    if isinstance(recipe.strategy, Preparing):
        recipe.strategy.prepare(model)
    return model, data
