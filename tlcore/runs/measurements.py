"""The measurements that pages ask for, as plain values in and out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from tlcore.data import load_dataset
from tlcore.device import torch_device
from tlcore.features.stored import DatasetFeeds
from tlcore.strategies import Preparing, strategy
from tlcore.training import Recipe
from tlcore.training.cost import measure
from tlcore.training.range_test import range_test, suggest
from tlcore.zoo import Head, backbone
from tlcore.zoo.model import TransferModel, build, skeleton

__all__ = ["adapters", "advice", "cost", "rate_range"]

RANGE_STEPS = 100
Tell = Callable[[float, str], None]


def adapters(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """How many parameters a strategy's adapters have on a backbone; only shapes are made."""
    from tlcore.adapters.lora import adapter_parameters

    record = backbone(about["backbone"])
    model = skeleton(record, 2, Head())
    with torch.device("meta"):
        strategy(**about["strategy"]).prepare(model)  # type: ignore[attr-defined]
    return {"n_params": sum(model.get_parameter(name).numel() for name in adapter_parameters(model))}


def cost(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Seconds and bytes of each phase of a recipe."""
    tell(0.0, "loading the model")
    recipe = Recipe.from_dict(about)
    model, data = _made(home, recipe)
    costs = measure(model, data, recipe, tell=lambda share: tell(share, "taking some steps of each phase"))
    device = next(model.parameters()).device
    return {"phases": [asdict(cost) for cost in costs], "device": device.type}


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
    dataset, record, device = load_dataset(home, recipe.dataset), backbone(recipe.backbone), torch_device(recipe.device)
    torch.manual_seed(recipe.seed)
    pretrained = recipe.strategy.pretrained
    model = build(record, len(dataset.classes), recipe.head, pretrained=pretrained, home=home).to(device)
    if isinstance(recipe.strategy, Preparing):
        recipe.strategy.prepare(model)
    data = DatasetFeeds(
        dataset,
        record,
        home,
        device=device,
        augmentation=recipe.augmentation,
        seed=recipe.seed,
        precision=recipe.precision,
    )
    return model, data
