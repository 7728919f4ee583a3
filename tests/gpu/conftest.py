"""A home with the digits in it, whose nursery stays warm over a module."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runs.conftest import studio as studio
from tlcore.data import Dataset, add_sample


@pytest.fixture(scope="module")
def digits(shared_home: Path) -> Dataset:
    """Real handwriting, in that home."""
    return add_sample("digits", shared_home)
