"""How the measures of a dataset are distributed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlcore.data.checks.check import Evidence
from tlcore.data.checks.finding import Histogram
from tlcore.data.checks.quality import MIN_PIXELS, SHARP

__all__ = ["histograms"]

BINS = 40
Marks = tuple[tuple[float, str], ...]


def histograms(evidence: Evidence) -> tuple[Histogram, ...]:
    """Of images the brightness, sharpness and size, of texts the length."""
    return tuple(_of_images(evidence) if evidence.modality == "image" else _of_texts(evidence))


def _of_images(evidence: Evidence) -> Iterator[Histogram]:
    table = evidence.table
    unit = np.linspace(0, 1, BINS + 1)
    yield _histogram("brightness", "Brightness", "median brightness, 0 black to 1 white", table["middle"], unit)
    sharp = 1 - table["blur"].dropna()
    if len(sharp):
        marks = ((SHARP, "blurry below"),)
        yield _histogram("sharpness", "Sharpness", "sharpness, 0 blurred to 1 sharp", sharp, unit, marks)
    side = table[["width", "height"]].min(axis="columns")
    yield _histogram(
        "size", "Size", "shorter side in pixels", side, _edges(side), _within(side, MIN_PIXELS, "too small below")
    )


def _of_texts(evidence: Evidence) -> Iterator[Histogram]:
    if evidence.reads is None:
        chars = evidence.table["n_chars"]
        yield _histogram("chars", "Length", "characters", chars, _edges(chars))
        return
    tokens, limit = evidence.table["tokens"], evidence.reads.max_tokens
    marks = ((float(limit), f"read up to {limit:,}"),)
    title = f"Length in tokens of {evidence.reads.title}"
    yield _histogram("tokens", title, "tokens", tokens, _edges(np.append(tokens, limit)), marks)


def _histogram(
    name: str, title: str, unit: str, values: Any, edges: NDArray[np.float64], marks: Marks = ()
) -> Histogram:
    counts, _ = np.histogram(values, edges)
    return Histogram(
        name=name, title=title, unit=unit, edges=tuple(edges.tolist()), counts=tuple(counts.tolist()), marks=marks
    )


def _edges(values: Any) -> NDArray[np.float64]:
    """Bins of whole numbers, equally wide, from 0 to the largest value."""
    top = int(np.max(values)) + 1
    width = max(1, -(-top // BINS))
    return np.arange(0, top + width, width, dtype=np.float64)


def _within(values: Any, at: float, words: str) -> Marks:
    """A mark that some values lie below; others need none."""
    return ((at, words),) if np.min(values) < at else ()
