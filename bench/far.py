"""Strategies on data far from ImageNet: how many cells a grey micrograph shows; three seeds each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import mean

import torch

from bench import material
from bench.timing import Row, stopwatch
from tlcore.data import Dataset, SplitRatios, ingest
from tlcore.device import torch_device
from tlcore.features.stored import DatasetFeeds
from tlcore.strategies import strategy
from tlcore.training import Recipe
from tlcore.training.loop import fit
from tlcore.training.scoring import logits
from tlcore.zoo import backbone
from tlcore.zoo.model import TransferModel, build

__all__ = ["measure"]

SEEDS, N = (0, 1, 2), 900
EPOCHS = {"feature_extraction": 20, "gradual_unfreezing": 10, "progressive": 20}
"""Each strategy's own number; the frozen backbone gets as many as the longest."""


def measure(folder: Path) -> Iterator[Row]:
    """Test accuracy of the epoch that val picked, for each seed."""
    home = folder / "home"
    home.mkdir()
    stored = ingest(material.cells(folder / "cells", N), home, split=SplitRatios(train=0.5, val=0.15, test=0.35))
    frozen = 0.0
    for name, epochs in EPOCHS.items():
        with stopwatch() as watch:
            scores = [trained(stored, home, name, epochs, seed) for seed in SEEDS]
        frozen = frozen or mean(scores)
        each = ", ".join(f"{score:.3f}" for score in scores)
        gain = f"test accuracy ({each}), {mean(scores) - frozen:+.3f}"
        yield Row(claim="far", subject=name, seconds=watch.seconds, ratio=mean(scores), means=gain)


def trained(stored: Dataset, home: Path, name: str, epochs: int, seed: int) -> float:
    """Train, then score test once."""
    record, device = backbone("efficientnet_lite0"), torch_device()
    recipe = Recipe(dataset=stored.id, backbone=record.name, strategy=strategy(name), epochs=epochs, seed=seed)
    torch.manual_seed(seed)
    model = build(record, len(stored.classes), recipe.head).to(device)
    data = DatasetFeeds(stored, record, home, device=device, seed=seed)
    for _ in fit(model, data, recipe):
        pass
    return accuracy(model, data)


def accuracy(model: TransferModel, data: DatasetFeeds) -> float:
    """On the test split."""
    scoring = logits(model, model, data.raw("test"), "test")
    while True:
        try:
            next(scoring)
        except StopIteration as end:
            scores, labels = end.value
            return float((scores.argmax(1) == labels).float().mean())
