"""(b): fine-tuning throughput, everything and from the middle, against the same plain PyTorch loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from bench import material, plain
from bench.timing import Row, median_seconds
from tlcore.data import Dataset
from tlcore.device import torch_device
from tlcore.features.inputs import reader
from tlcore.features.stored import DatasetFeeds
from tlcore.shelf import shelf
from tlcore.strategies import matching, strategy
from tlcore.training import Recipe
from tlcore.training.loop import fit
from tlcore.zoo import Backbone, Head, backbone
from tlcore.zoo.model import TransferModel, build

__all__ = ["measure"]

TRAIN, VAL, EPOCHS, BATCH, TIMES = 192, 32, 2, 32, 3


def measure(folder: Path) -> Iterator[Row]:
    """Both loops in turn, several times; images are read from disk by both, the studio's from its own store."""
    record, home = backbone("efficientnet_lite0"), folder / "home"
    stored = material.stored(material.pictures(folder / "pictures", TRAIN + VAL), home, TRAIN, VAL)
    studio(record, stored, home, "fine_tune", 1)  # decode once
    for name in ("fine_tune", "fine_tune_from_middle"):
        works: dict[str, Callable[[], object]] = {
            "plain": lambda name=name: loop(record, stored, name),
            "ours": lambda name=name: studio(record, stored, home, name, EPOCHS),
        }
        taken: dict[str, list[float]] = {"plain": [], "ours": []}
        for _ in range(TIMES):
            for who, work in works.items():
                shelf(home, "features").evict(0)  # no activations of an earlier run
                taken[who].append(median_seconds(work, 1))
        rows = {who: sorted(seconds)[TIMES // 2] for who, seconds in taken.items()}
        yield Row(claim="b", subject=f"plain PyTorch loop, {name}, {EPOCHS} epochs", seconds=rows["plain"])
        yield Row(
            claim="b",
            subject=f"studio, {name}, {EPOCHS} epochs",
            seconds=rows["ours"],
            ratio=rows["plain"] / rows["ours"],
            means="x the plain loop's throughput",
            target=">= 1.0",
        )


def loop(record: Backbone, stored: Dataset, name: str) -> None:
    """A careful person's loop over the same parameters, BatchNorm as a plain loop has it."""
    model = made(record, stored)
    patterns = strategy(name).phases(model, 1)[0].lrs
    for parameter_name, parameter in model.named_parameters():
        parameter.requires_grad = matching(parameter_name, patterns) is not None
    plain.train(model, stored, reader(record), epochs=EPOCHS, lr=1e-4, batch_size=BATCH, workers=2)


def studio(record: Backbone, stored: Dataset, home: Path, name: str, epochs: int) -> None:
    """What a run's worker does, in this process."""
    recipe = Recipe(
        dataset=stored.id, backbone=record.name, strategy=strategy(name), epochs=epochs, batch_size=BATCH, clip=0.0
    )
    model = made(record, stored)
    device = next(model.parameters()).device
    for _ in fit(model, DatasetFeeds(stored, record, home, device=device), recipe):
        pass


def made(record: Backbone, stored: Dataset) -> TransferModel:
    """A new head on the pretrained backbone, on this machine's device."""
    torch.manual_seed(0)
    return build(record, len(stored.classes), Head()).to(torch_device())
