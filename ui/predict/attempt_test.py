"""A sample of the test split as if somebody had brought it."""

from __future__ import annotations

import secrets
from io import BytesIO
from typing import BinaryIO

from tlcore.data import Dataset
from tlcore.errors import DataError

__all__ = ["from_test"]


def from_test(dataset: Dataset) -> tuple[str, BinaryIO | str]:
    """Where one drawn at random came from, with its true class, and its file or text.

    Raises:
        DataError: there is no test split, or the stored image is gone.
    """
    rows = dataset.rows("test")
    if not len(rows):
        raise DataError("This dataset has no test split to draw from.")
    row = int(secrets.choice(rows.tolist()))
    sample = dataset.sample(row)
    name = f"test sample {row} (true class {dataset.classes[dataset.labels()[row]]})"
    if isinstance(sample, str):
        return name, sample
    out = BytesIO()
    sample.save(out, "PNG")
    return f"{name}.png", out
