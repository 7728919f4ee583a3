"""Datasets that come with the studio, so that everything can be tried at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from tlcore.data.dataset import Dataset, Modality, list_datasets
from tlcore.data.ingestion import ingest_images, ingest_table
from tlcore.data.limits import Limits
from tlcore.data.problems import Findings
from tlcore.data.sources import Entry
from tlcore.data.splits import SplitRatios
from tlcore.errors import DataError

__all__ = ["SAMPLES", "Sample", "add_sample"]

MARGIN = 4
"""Pixels on each side."""
MESSAGES = Path(__file__).parent / "samples" / "messages.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A dataset one can have with a click."""

    name: str
    """What follows `sample:`."""
    title: str
    modality: Modality
    n_samples: int
    n_classes: int
    note: str
    """Who made it, and under which licence."""


SAMPLES = (
    Sample(
        name="digits",
        title="Handwritten digits",
        modality="image",
        n_samples=1_797,
        n_classes=10,
        note=(
            "Greyscale images of 8 x 8 pixels in a white margin, from scikit-learn's copy of Optical Recognition "
            "of Handwritten Digits by E. Alpaydin and C. Kaynak, UCI Machine Learning Repository."
        ),
    ),
    Sample(
        name="messages",
        title="Customer messages",
        modality="text",
        n_samples=360,
        n_classes=6,
        note="Short messages to a fictional shop, written by the TL Studio project for demonstration; Apache-2.0.",
    ),
)


def add_sample(
    name: str,
    home: Path,
    split: SplitRatios = SplitRatios(),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Dataset:
    """The sample as a stored dataset; instant when it is there already.

    Raises:
        DataError: there is no such sample.
    """
    sample = next((sample for sample in SAMPLES if sample.name == name), None)
    if sample is None:
        known = ", ".join(sample.name for sample in SAMPLES)
        raise DataError(f"There is no sample {name!r}; there are {known}.")
    source = f"sample:{name}"
    for dataset in list_datasets(home):
        if dataset.source == source and dataset.split == split:
            return dataset
    if sample.modality == "text":
        return ingest_table(MESSAGES, home, sample.title, split, None, Limits(), progress, source, sample.note)
    return ingest_images(_Digits(source), home, sample.title, split, Limits(), progress, sample.note)


class _Digits:
    """scikit-learn's digits as PNG files in class folders: ink of 0 to 16 becomes 255 (paper) to 0.

    Strokes reach the edge of the 8 x 8 pixels; a margin of paper keeps them from the centre crop of a network's
    evaluation transform.
    """

    def __init__(self, name: str) -> None:
        from sklearn.datasets import load_digits

        self.name = name
        digits: Any = load_digits()
        ink = np.pad((digits.images * (255 / 16)).round().astype("uint8"), ((0, 0), (MARGIN,) * 2, (MARGIN,) * 2))
        self._images = 255 - ink
        self._labels = digits.target

    def entries(self, limits: Limits, findings: Findings) -> list[Entry]:
        """One PNG an image."""
        return [
            Entry(path=f"{label}/digit-{row:04d}.png", size=self._images[row].nbytes, key=row)
            for row, label in enumerate(self._labels)
        ]

    def read(self, entry: Entry, max_bytes: int) -> bytes:
        """The PNG's bytes."""
        from PIL import Image

        file = BytesIO()
        Image.fromarray(self._images[entry.key]).save(file, "PNG")
        return file.getvalue()
