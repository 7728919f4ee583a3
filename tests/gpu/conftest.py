"""A home with the digits in it, whose nursery stays warm over a module."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlcore.data import Dataset, add_sample
from tlcore.runs import Studio


@pytest.fixture(scope="module")
def studio(shared_home: Path) -> Studio:
    """One slot for each GPU, as a server has it."""
    made = Studio(shared_home)
    made.warm()
    return made


@pytest.fixture(scope="module")
def digits(shared_home: Path) -> Dataset:
    """Real handwriting, in that home."""
    return add_sample("digits", shared_home)
