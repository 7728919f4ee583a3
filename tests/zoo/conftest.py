"""Caches of their own, so that nothing depends on what this machine has downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tlcore.zoo import learn


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with `torch/hub/checkpoints` and `hub` as the libraries would make them."""
    folder = tmp_path / "caches"
    monkeypatch.setenv("TORCH_HOME", str(folder / "torch"))
    monkeypatch.setenv("HF_HUB_CACHE", str(folder / "hub"))
    return folder


@pytest.fixture(autouse=True)
def forgotten(tmp_path: Path) -> Iterator[None]:
    """What a test has named is gone after it."""
    yield
    learn(tmp_path / "nowhere")
