"""Data made for measuring: pictures as a camera's JPEG, and texts of ordinary length."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from tlcore.data import Dataset, SplitRatios, ingest
from tlcore.runs import Run, Studio
from tlcore.runs.asking import row_of
from tlcore.training import Recipe

__all__ = ["cells", "pictures", "queued", "stored", "texts"]

WORDS = (
    "order",
    "parcel",
    "courier",
    "screen",
    "login",
    "refund",
    "sweater",
    "broken",
    "late",
    "thanks",
    "charge",
    "twice",
)


def pictures(folder: Path, n: int, *, side: int = 300, n_classes: int = 3) -> Path:
    """A folder of classes with `n` JPEG files in all: a coloured gradient, shapes and noise, about 20 kB each."""
    draw = np.random.default_rng(0)
    y, x = np.mgrid[0:side, 0:side] / side
    for i in range(n):
        label = i % n_classes
        place = folder / f"class_{label}"
        place.mkdir(parents=True, exist_ok=True)
        base = np.stack([x, y, 1 - x], axis=-1) * draw.uniform(60, 200, 3)
        centre, radius = draw.uniform(0.3, 0.7, 2), draw.uniform(0.1, 0.3)
        inside = (
            (np.abs(x - centre[0]) + np.abs(y - centre[1]) < radius)
            if label
            else ((x - centre[0]) ** 2 + (y - centre[1]) ** 2 < radius**2)
        )
        base[inside] = draw.uniform(0, 255, 3)
        pixels = (base + draw.normal(0, 12, base.shape)).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(place / f"{i}.jpg", quality=90)
    return folder


def cells(folder: Path, n: int, *, side: int = 96, n_classes: int = 6) -> Path:
    """A folder of classes with `n` PNG files in all: grey micrographs of 1 to `n_classes` bright cells; the class is
    their number. Nothing of the kind is in ImageNet, and no texture or colour gives the class away."""
    draw = np.random.default_rng(0)
    y, x = np.mgrid[0:side, 0:side]
    for i in range(n):
        number = i % n_classes + 1
        light = 0.12 + draw.normal(0, 0.05, (side, side))
        for row, column in _apart(draw, number, side):
            spread, bright = draw.uniform(2.5, 5.5), draw.uniform(0.35, 0.9)
            light += bright * np.exp(-((x - column) ** 2 + (y - row) ** 2) / (2 * spread**2))
        place = folder / f"{number} cells"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray((255 * light.clip(0, 1)).astype(np.uint8)).save(place / f"{i}.png")
    return folder


def _apart(draw: np.random.Generator, n: int, side: int, margin: int = 12) -> list[np.ndarray]:
    """`n` places (row, column) in pixels, none of them on another."""
    places: list[np.ndarray] = []
    while len(places) < n:
        place = draw.uniform(margin, side - margin, 2)
        if all(np.hypot(*(place - other)) > margin - 1 for other in places):
            places.append(place)
    return places


def texts(path: Path, n: int) -> Path:
    """A csv of `n` distinct texts of 5 to 40 words in two classes."""
    draw = np.random.default_rng(0)
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("text", "label"))
        for i in range(n):
            words = draw.choice(WORDS, int(draw.integers(5, 40)))
            rows.writerow((f"{' '.join(words)} {i}", "even" if i % 2 else "odd"))
    return path


def queued(studio: Studio, dataset: Dataset, recipe: Recipe, *, run_id: str, name: str) -> Run:
    """The row of a run as a launch writes it, which nobody starts."""
    return studio.store.create(id=run_id, name=name, user="", **row_of(recipe, dataset))


def stored(source: Path, home: Path, train: int, val: int) -> Dataset:
    """The material as a dataset with about `train` and `val` samples in their splits, the rest in test."""
    total = train + val
    return ingest(source, home, split=SplitRatios(train=train / total * 0.99, val=val / total * 0.99, test=0.01))
