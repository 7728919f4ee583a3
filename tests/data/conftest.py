"""What the tests of data share."""

from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home. Nothing here starts a process that would have to be ended."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder
