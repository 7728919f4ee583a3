"""(d): reading an epoch of images that were decoded once, against decoding them each time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from bench import material
from bench.timing import Row, median_seconds, stopwatch
from tlcore.features.inputs import reader
from tlcore.features.stored import DatasetFeeds
from tlcore.zoo import backbone

__all__ = ["measure"]

N = 900


def measure(folder: Path) -> Iterator[Row]:
    """The first epoch decodes and keeps, the later ones read."""
    record, home = backbone("efficientnet_lite0"), folder / "home"
    stored = material.stored(material.pictures(folder / "pictures", N), home, N * 2 // 3, N // 3)
    inputs, rows = reader(record), stored.rows("train")
    feed = DatasetFeeds(stored, record, home, device=torch.device("cpu")).raw("train")

    def epoch() -> None:
        for _ in feed.batches(32):
            pass

    def anew() -> None:
        for start in range(0, len(rows), 32):
            inputs.collate([inputs.prepare(stored.sample(int(row))) for row in rows[start : start + 32]])

    each = median_seconds(anew, 3)
    with stopwatch() as first:
        epoch()
    later = median_seconds(epoch, 3)
    yield Row(claim="d", subject=f"decoding each time, {len(rows)} images", seconds=each)
    yield Row(claim="d", subject="decode once, first epoch", seconds=first.seconds)
    yield Row(
        claim="d",
        subject="decode once, later epochs",
        seconds=later,
        ratio=each / later,
        means="x as fast",
        target=">= 3",
    )
