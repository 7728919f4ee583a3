"""(c): texts with MiniLM, 20 epochs of head against 5 epochs of a plain loop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench import material, plain
from bench.frozen import frozen, studio
from bench.timing import Row, stopwatch
from tlcore.features.inputs import reader
from tlcore.zoo import backbone

__all__ = ["measure"]

N = 2_000


def measure(folder: Path) -> Iterator[Row]:
    """The plain loop, and the studio."""
    record = backbone("minilm")
    home = folder / "home"
    stored = material.stored(material.texts(folder / "texts.csv", N), home, N * 4 // 5, N // 5)
    with stopwatch() as slow:
        plain.train(frozen(record, stored), stored, reader(record), epochs=5, lr=1e-3, batch_size=32, workers=0)
    with stopwatch() as ours:
        studio(record, stored, home, epochs=20)
    yield Row(claim="c", subject=f"plain PyTorch loop, 5 epochs, {N} texts", seconds=slow.seconds)
    share = ours.seconds / slow.seconds
    yield Row(
        claim="c",
        subject="studio, 20 epochs",
        seconds=ours.seconds,
        ratio=share,
        means="of the plain loop",
        target="<= 0.2",
    )
