"""(a) and (g): a frozen backbone with 20 epochs of head, against a plain loop of 5 epochs and against the floor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from bench import material, plain
from bench.timing import Row, stopwatch
from tlcore.data import Dataset
from tlcore.features.export import export, graph_path
from tlcore.features.inputs import reader
from tlcore.features.stored import DatasetFeeds
from tlcore.training import Recipe
from tlcore.training.loop import fit
from tlcore.zoo import Backbone, Head, backbone
from tlcore.zoo.model import TransferModel, build

__all__ = ["measure"]

TRAIN, VAL = 600, 300
CPU = torch.device("cpu")


def measure(folder: Path) -> Iterator[Row]:
    """The plain loop, the floor, the studio, and the studio again with the features in store."""
    record = backbone("efficientnet_lite0")
    home = folder / "home"
    stored = material.stored(material.pictures(folder / "pictures", TRAIN + VAL), home, TRAIN, VAL)
    graph = graph_path(record, home / "graphs")
    export(record, graph)

    with stopwatch() as slow:
        plain.train(frozen(record, stored), stored, reader(record), epochs=5, lr=1e-3, batch_size=32, workers=2)
    with stopwatch() as floor:
        one_pass(stored, record, graph)
    with stopwatch() as ours:
        studio(record, stored, home, epochs=20)
    with stopwatch() as again:
        studio(record, stored, home, epochs=20, seed=1)

    n = f"{TRAIN} + {VAL} images"
    yield Row(claim="a", subject=f"plain PyTorch loop, 5 epochs, {n}", seconds=slow.seconds)
    yield Row(claim="g", subject="floor: decode and one ONNX Runtime pass", seconds=floor.seconds)
    share, over = ours.seconds / slow.seconds, ours.seconds / floor.seconds
    yield Row(
        claim="a",
        subject="studio, 20 epochs",
        seconds=ours.seconds,
        ratio=share,
        means="of the plain loop",
        target="<= 0.1",
    )
    yield Row(
        claim="a", subject="studio, 20 epochs", seconds=ours.seconds, ratio=over, means="of the floor", target="<= 1.3"
    )
    share = again.seconds / slow.seconds
    yield Row(claim="a", subject="studio, second run", seconds=again.seconds, ratio=share, means="of the plain loop")


def frozen(record: Backbone, stored: Dataset) -> TransferModel:
    """A new head on the frozen backbone."""
    model = build(record, len(stored.classes), Head())
    model.backbone.requires_grad_(False)
    return model


def studio(record: Backbone, stored: Dataset, home: Path, *, epochs: int, seed: int = 0) -> None:
    """What a run's worker does, in this process."""
    recipe = Recipe(dataset=stored.id, backbone=record.name, epochs=epochs, batch_size=32, seed=seed)
    torch.manual_seed(seed)
    model = build(record, len(stored.classes), recipe.head)
    for _ in fit(model, DatasetFeeds(stored, record, home, device=CPU), recipe):
        pass


def one_pass(stored: Dataset, record: Backbone, graph: Path) -> None:
    """The least there is to do: each image decoded on all cores, and through the graph once."""
    from concurrent.futures import ThreadPoolExecutor

    inputs, session = reader(record), onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    rows = np.concatenate([stored.rows("train"), stored.rows("val")])
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(rows), 32):
            some = pool.map(lambda row: inputs.prepare(stored.sample(int(row))), rows[start : start + 32])
            session.run(None, {"pixels": np.asarray(inputs.collate(list(some)))})
