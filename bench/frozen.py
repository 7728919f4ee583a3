"""(a), (g): a frozen backbone with 20 epochs of head, against loops of 5 epochs and the least there is to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime
import torch

from bench import fastai_loop, material, plain
from bench.timing import Row, median_seconds
from tlcore.data import Dataset
from tlcore.features.export import export, graph_path
from tlcore.features.inputs import reader
from tlcore.features.stored import DatasetFeeds
from tlcore.shelf import shelf
from tlcore.training import Recipe
from tlcore.training.loop import fit
from tlcore.zoo import Backbone, Head, backbone
from tlcore.zoo.model import TransferModel, build

__all__ = ["measure"]

TRAIN, VAL, TIMES = 600, 300, 3
CPU = torch.device("cpu")


def measure(folder: Path) -> Iterator[Row]:
    """The plain loop, fastai, the floor, the studio, and the studio again with the features in store, in turn."""
    record, home = backbone("efficientnet_lite0"), folder / "home"
    pictures = material.pictures(folder / "pictures", TRAIN + VAL)
    stored = material.stored(pictures, home, TRAIN, VAL)
    graph = graph_path(record, home / "graphs")
    export(record, graph)

    def fresh() -> None:
        for name in ("features", "pixels"):
            shelf(home, name).evict(0)
        studio(record, stored, home, epochs=20)

    works: dict[str, Callable[[], object]] = {
        "floor": lambda: one_pass(stored, record, graph),
        "ours": fresh,
        "again": lambda: studio(record, stored, home, epochs=20, seed=1),
        "plain": lambda: loop(record, stored),
    }
    if fastai_loop.installed():
        works["fastai"] = lambda: rival(record, stored, pictures)
    taken: dict[str, list[float]] = {who: [] for who in works}
    for _ in range(TIMES):
        for who, work in works.items():
            taken[who].append(median_seconds(work, 1))
    yield from rows({who: median(seconds) for who, seconds in taken.items()})


def rows(took: Mapping[str, float]) -> Iterator[Row]:
    """Median seconds by what ran -> the table."""
    plain_loop, floor, ours = took["plain"], took["floor"], took["ours"]
    n = f"{TRAIN} + {VAL} images"
    yield Row(claim="a", subject=f"plain PyTorch loop, 5 epochs, {n}", seconds=plain_loop)
    if "fastai" in took:
        share = ours / took["fastai"]
        yield Row(claim="a", subject="fastai, 5 epochs", seconds=took["fastai"])
        yield Row(claim="a", subject="studio, 20 epochs", seconds=ours, ratio=share, means="of fastai")
    yield Row(claim="g", subject="floor: decode and one ONNX Runtime pass", seconds=floor)
    subject, against = "studio, 20 epochs", "of the plain loop"
    yield Row(claim="a", subject=subject, seconds=ours, ratio=ours / plain_loop, means=against, target="<= 0.1")
    yield Row(claim="a", subject=subject, seconds=ours, ratio=ours / floor, means="of the floor", target="<= 1.3")
    again = took["again"]
    yield Row(claim="a", subject="studio, second run", seconds=again, ratio=again / plain_loop, means=against)


def loop(record: Backbone, stored: Dataset) -> None:
    """A careful person's five epochs."""
    plain.train(frozen(record, stored), stored, reader(record), epochs=5, lr=1e-3, batch_size=32, workers=2)


def rival(record: Backbone, stored: Dataset, pictures: Path) -> None:
    """The same five epochs in fastai."""
    model = build(record, len(stored.classes), Head())
    fastai_loop.train(model, record, pictures, epochs=5, lr=1e-3, batch_size=32)


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
