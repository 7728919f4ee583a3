"""The measurements that pages ask for, as plain values in and out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch

from tlcore.data import load_dataset
from tlcore.device import machine, torch_device
from tlcore.errors import RecipeError, RunError
from tlcore.features.stored import DatasetFeeds
from tlcore.precision import chosen
from tlcore.runs.isolation import apart
from tlcore.runs.pace import Pace
from tlcore.strategies import Preparing, strategy
from tlcore.training import Recipe
from tlcore.training.cost import measure
from tlcore.training.range_test import range_test, suggest
from tlcore.training.speed import MODES, Mode, Reading, n_tokens, readings
from tlcore.zoo import Backbone, Head, backbone
from tlcore.zoo.model import TransferModel, build

__all__ = ["adapters", "advice", "cost", "inspection", "rate_range", "speed"]

RANGE_STEPS = 100
BUSY_SECONDS = 0.5
"""For how long to look at what else the machine is doing."""
Tell = Callable[[float, str], None]


def adapters(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """How many parameters a strategy's adapters have on a backbone; only shapes are made."""
    from tlcore.adapters.lora import adapter_parameters

    record = backbone(about["backbone"])
    with torch.device("meta"):
        model = build(record, 2, Head(), pretrained=False)
        strategy(**about["strategy"]).prepare(model)  # type: ignore[attr-defined]
    return {"n_params": sum(model.get_parameter(name).numel() for name in adapter_parameters(model))}


def inspection(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """What a backbone is made of, and what each of LoRA's targets finds in it; only shapes are made."""
    from tlcore.zoo.inspection import inspect

    begun, record = time.perf_counter(), backbone(about["backbone"])
    found = asdict(inspect(record))
    return {**found, "lora": _targets(record), "seconds": time.perf_counter() - begun}


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


def _targets(record: Backbone) -> dict[str, list[str]]:
    """Names of the modules that get an adapter, by LoRA's targets; none where a target finds nothing."""
    from tlcore.adapters import TARGETS
    from tlcore.adapters.targets import target_modules
    from tlcore.zoo.networks import headless
    from tlcore.zoo.shapes import shapes

    trunk, found = shapes(lambda: headless(record)), {}
    for target in TARGETS:
        try:
            found[target] = list(target_modules(trunk, target))
        except RecipeError:
            found[target] = []
    return found


def speed(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Time and memory of a backbone on this machine by use and batch size; each use in a process of its own."""
    import psutil

    record, sizes = backbone(about["backbone"]), tuple(about["batch_sizes"])
    tell(0.0, "waiting for a quiet moment")
    busy, pace = psutil.cpu_percent(interval=BUSY_SECONDS) / 100, Pace(sizes)
    found: list[dict[str, Any]] = []
    where: dict[str, Any] = {}
    for mode in MODES:
        for made in _survived(record, mode, sizes, lambda: tell(*pace.now())):
            where |= made.pop("where", {})
            found.append(made)
            pace.take(made)
            tell(*pace.now())
    return {"readings": found, "busy": busy, "at": time.time(), **where}


def _survived(record: Backbone, mode: Mode, sizes: Sequence[int], tick: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """Readings of one use; where its process dies, what it had still to measure says why it has no figure."""
    left = sorted(sizes)
    try:
        for made in apart(partial(_readings, record, mode, sizes), tick=tick):
            left.remove(made["batch_size"])
            yield made
    except RunError as error:
        if mode == MODES[0] and len(left) == len(sizes):
            raise
        for size in left:
            yield asdict(Reading(mode=mode, batch_size=size, note=str(error)))


def _readings(record: Backbone, mode: Mode, sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """In a process of its own, the only one here to touch the device."""
    device = torch_device()
    where = {
        "device": device.type,
        "on": machine().place,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "tokens": n_tokens(record),
        "precision": str(chosen("auto", device)).removeprefix("torch."),
    }
    for reading in readings(record, mode, sizes, device):
        yield {**asdict(reading), "where": where}


def _made(home: Path, recipe: Recipe) -> tuple[TransferModel, DatasetFeeds]:
    """The model as a run would begin with it, and its data."""
    dataset, record, device = load_dataset(home, recipe.dataset), backbone(recipe.backbone), torch_device(recipe.device)
    torch.manual_seed(recipe.seed)
    model = build(record, len(dataset.classes), recipe.head, pretrained=recipe.strategy.pretrained).to(device)
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
