"""How well the scores of Rank foretell fine-tuning: Kendall's tau between each and fine-tuned test accuracy.

Nine choices for each dataset: the three packaged EfficientNet-Lites, each reading 64, 96 and 144 pixels, as timm's
models of one family differ too. All have their pretrained weights; random ones never come into it. Fine-tuned are all
weights, with the strategy and the rates that the studio proposes.

Real data: scikit-learn's handwritten digits, and, where `pip install --no-deps elpv-dataset` put them (CC BY-NC-SA 4.0,
for measuring only), photographs of sound and of defective solar cells by electroluminescence, S. Deitsch et al. 2019,
https://doi.org/10.1016/j.solener.2019.02.067.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from bench.far import accuracy
from bench.timing import Row
from tlcore.advisor.probe import judge, read
from tlcore.data import Dataset, SplitRatios, ingest
from tlcore.device import torch_device
from tlcore.features.stored import DatasetFeeds
from tlcore.features.transferability import h_score, log_me
from tlcore.strategies import strategy
from tlcore.training import Recipe
from tlcore.training.loop import fit
from tlcore.training.scoring import embedder
from tlcore.zoo import Backbone, Head, backbone, stage_patterns
from tlcore.zoo.model import TransferModel, load_backbone

__all__ = ["Point", "measure", "rows"]

NAMES = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
SIZES = (64, 96, 144)
"""Pixels on a side that the networks read; small, so that fine-tuning 18 of them ends within the hour on two cores."""
SCORES = {"linear": "linear probe", "knn": "k-NN", "log_me": "LogME", "h_score": "H-score"}
MARGIN = 1.14
"""The shorter side before the centre crop, in sides of the crop, as the networks were trained."""
N, SPLIT = 600, SplitRatios(train=0.35, val=0.15, test=0.5)
EPOCHS, SEED = 5, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A network on a dataset: what Rank says of it, and what became of it."""

    dataset: str
    backbone: str
    side: int
    """Pixels."""
    linear: float
    knn: float
    log_me: float
    h_score: float
    tuned: float
    """Test accuracy of the epoch that val picked."""


def measure(folder: Path) -> Iterator[Row]:
    """A row for each dataset and score, and one for each network with its numbers."""
    home = folder / "home"
    home.mkdir()
    for title, source in _material(folder):
        begun = time.perf_counter()
        stored = ingest(source, home, split=SPLIT)
        points = [_point(title, stored, _reading(name, side), home) for side in SIZES for name in NAMES]
        sizes = "/".join(str(len(stored.rows(split))) for split in ("train", "val", "test"))
        yield from rows(points, f"{sizes} samples, {EPOCHS} epochs", time.perf_counter() - begun)


def rows(points: Sequence[Point], circumstances: str, seconds: float | None) -> Iterator[Row]:
    """What was measured on one dataset: each network, then each score's rank correlation."""
    title = points[0].dataset
    for point in points:
        means = ", ".join(f"{words} {getattr(point, key):.3f}" for key, words in SCORES.items())
        subject = f"{title}, {point.backbone} at {point.side} pixels"
        yield Row(claim="j", subject=subject, ratio=point.tuned, means=f"fine-tuned; {means}")
    for key, words in SCORES.items():
        tau, p = _tau(points, key)
        means = f"Kendall tau with fine-tuned test accuracy, n = {len(points)}, p = {p:.3f}"
        yield Row(claim="j", subject=f"{title}, {words} ({circumstances})", seconds=seconds, ratio=tau, means=means)


def _tau(points: Sequence[Point], key: str) -> tuple[float, float]:
    """Kendall's tau-b, which takes ties into account, and the p-value of no association."""
    from scipy.stats import kendalltau

    found = kendalltau([getattr(point, key) for point in points], [point.tuned for point in points])
    return float(found.statistic), float(found.pvalue)


def _reading(name: str, side: int) -> Backbone:
    """The network with another size of input."""
    return replace(backbone(name), input_size=side, resize=round(MARGIN * side))


def _point(title: str, stored: Dataset, record: Backbone, home: Path) -> Point:
    device = torch_device()
    data = DatasetFeeds(stored, record, home, device=device, seed=SEED)
    model = TransferModel(load_backbone(record).to(device), nn.Identity(), stage_patterns(record))
    (x, y), (x_val, y_val) = (read(_Frozen(data.raw(split), embedder(model)), None) for split in ("train", "val"))
    probe = judge(x, y, x_val, y_val)
    model.head = _head(record, stored).to(device)
    recipe = Recipe(dataset=stored.id, backbone=record.name, strategy=strategy("fine_tune"), epochs=EPOCHS, seed=SEED)
    torch.manual_seed(SEED)
    for _ in fit(model, data, recipe):
        pass
    point = Point(
        dataset=title,
        backbone=record.name,
        side=record.input_size,
        linear=probe.linear,
        knn=probe.knn,
        log_me=log_me(x, y),
        h_score=h_score(x, y),
        tuned=accuracy(model, data),
    )
    print(asdict(point), file=sys.stderr, flush=True)
    return point


class _Frozen:
    """What a network makes of a feed's inputs, past the store, which knows them by another size."""

    def __init__(self, feed, embed) -> None:
        self._feed, self._embed = feed, embed

    def __len__(self) -> int:
        return len(self._feed)

    def batches(self, size: int, order=None, epoch: int = 0):
        """Features (B, D) and labels (B,)."""
        for x, y in self._feed.batches(size, order, epoch):
            yield self._embed(x).clone(), y


def _head(record: Backbone, stored: Dataset) -> nn.Module:
    torch.manual_seed(SEED)
    return Head().build(record.n_features, len(stored.classes))


def _material(folder: Path) -> Iterator[tuple[str, Path]]:
    yield "digits", _digits(folder / "digits")
    if find_spec("elpv_dataset") is None:
        print("Solar cells left out: pip install --no-deps elpv-dataset brings them.", file=sys.stderr)
    else:
        yield "solar cells", _cells(folder / "cells")


def _digits(folder: Path) -> Path:
    """Grey squares of 16 pixels with a margin, as `sample:digits` has them."""
    from sklearn.datasets import load_digits

    found = load_digits()
    for row in np.random.default_rng(SEED).permutation(len(found.target))[:N]:
        ink = np.pad((found.images[row] * (255 / 16)).round().astype("uint8"), 4)
        place = folder / str(found.target[row])
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - ink).save(place / f"{row}.png")
    return folder


def _cells(folder: Path) -> Path:
    """As many sound ones as defective ones, of those that the experts were sure about; 300 pixels on a side."""
    spec = find_spec("elpv_dataset")
    assert spec is not None and spec.submodule_search_locations
    root = Path(next(iter(spec.submodule_search_locations))) / "data"
    with (root / "labels.csv").open() as file:
        rows = [line for line in csv.reader(file, delimiter=" ", skipinitialspace=True) if line]
    for name, sure in (("sound", 0.0), ("defective", 1.0)):
        own = [row[0] for row in rows if float(row[1]) == sure]
        (folder / name).mkdir(parents=True)
        for place in np.random.default_rng(SEED).permutation(len(own))[: N // 2]:
            (folder / name / Path(own[place]).name).write_bytes((root / own[place]).read_bytes())
    return folder
