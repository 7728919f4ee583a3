"""(b): fine-tuning throughput, everything and from the middle, against the same plain PyTorch loop.

On a GPU also against that loop fed from the GPU's own memory, in the studio's precision: no loop that reads samples can
be faster, so that the ratio says what is lost on the way.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from bench import material, plain
from bench.timing import Row, median_seconds
from tlcore.data import Dataset
from tlcore.device import torch_device
from tlcore.features.feeds import move
from tlcore.features.inputs import reader
from tlcore.features.stored import DatasetFeeds
from tlcore.precision import chosen
from tlcore.shelf import shelf
from tlcore.strategies import matching, strategy
from tlcore.training import Recipe
from tlcore.training.loop import fit
from tlcore.zoo import Backbone, Head, backbone
from tlcore.zoo.model import Inputs, TransferModel, build

__all__ = ["measure"]

TRAIN, VAL, EPOCHS, BATCH, TIMES = 192, 32, 2, 32, 3
GPU_TRAIN, GPU_VAL, GPU_EPOCHS = 1920, 320, 4
"""A GPU is done with the few in less time than any loop takes to begin."""


def measure(folder: Path) -> Iterator[Row]:
    """All loops in turn, several times; images are read from disk by them, the studio's from its own store."""
    record, home, device = backbone("efficientnet_lite0"), folder / "home", torch_device()
    on_gpu = device.type == "cuda"
    train, val, epochs = (GPU_TRAIN, GPU_VAL, GPU_EPOCHS) if on_gpu else (TRAIN, VAL, EPOCHS)
    stored = material.stored(material.pictures(folder / "pictures", train + val), home, train, val)
    studio(record, stored, home, "fine_tune", 1)  # decode once
    memory = in_memory(record, stored, home, device) if on_gpu else ()
    for name in ("fine_tune", "fine_tune_from_middle"):
        works: dict[str, Callable[[], object]] = {
            "plain": lambda name=name: loop(record, stored, name, epochs),
            "ours": lambda name=name: studio(record, stored, home, name, epochs),
        }
        if on_gpu:
            works["memory"] = lambda name=name: fed_from_memory(record, stored, memory, name, epochs)
        taken: dict[str, list[float]] = {who: [] for who in works}
        for _ in range(TIMES):
            for who, work in works.items():
                shelf(home, "features").evict(0)  # no activations of an earlier run
                taken[who].append(median_seconds(work, 1))
        yield from rows(name, epochs, {who: sorted(seconds)[TIMES // 2] for who, seconds in taken.items()})


def rows(name: str, epochs: int, took: Mapping[str, float]) -> Iterator[Row]:
    """Median seconds by what ran -> the table."""
    against = {
        "plain": ("the plain loop's", ">= 1.0"),
        "memory": ("the throughput of the loop fed from memory", ">= 0.9"),
    }
    for who, (words, target) in against.items():
        if who not in took:
            continue
        title = "plain PyTorch loop" if who == "plain" else "the same loop, fed from the GPU's memory"
        yield Row(claim="b", subject=f"{title}, {name}, {epochs} epochs", seconds=took[who])
        yield Row(
            claim="b",
            subject=f"studio, {name}, {epochs} epochs",
            seconds=took["ours"],
            ratio=took[who] / took["ours"],
            means=f"x {words}" + (" throughput" if who == "plain" else ""),
            target=target,
        )


def loop(record: Backbone, stored: Dataset, name: str, epochs: int) -> None:
    """A careful person's loop over the same parameters, BatchNorm as a plain loop has it."""
    model, workers = thawed(record, stored, name), min(8, os.cpu_count() or 1)
    plain.train(model, stored, reader(record), epochs=epochs, lr=1e-4, batch_size=BATCH, workers=workers)


def fed_from_memory(
    record: Backbone, stored: Dataset, splits: Sequence[tuple[Inputs, Tensor]], name: str, epochs: int
) -> None:
    """The same, with nothing to read."""
    model = thawed(record, stored, name)
    dtype = chosen("auto", next(model.parameters()).device)
    plain.train_from_memory(model, splits, epochs=epochs, lr=1e-4, batch_size=BATCH, dtype=dtype)


def in_memory(record: Backbone, stored: Dataset, home: Path, device: torch.device) -> tuple[tuple[Inputs, Tensor], ...]:
    """All of train and all of val, as the model reads them."""
    data = DatasetFeeds(stored, record, home, device=device)
    parts = (next(iter(data.raw(split).batches(len(data.raw(split))))) for split in ("train", "val"))
    return tuple((move(x, device), y.to(device)) for x, y in parts)


def thawed(record: Backbone, stored: Dataset, name: str) -> TransferModel:
    """A model whose parameters train that the strategy trains."""
    model = made(record, stored)
    patterns = strategy(name).phases(model, 1)[0].lrs
    for parameter_name, parameter in model.named_parameters():
        parameter.requires_grad = matching(parameter_name, patterns) is not None
    return model


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
