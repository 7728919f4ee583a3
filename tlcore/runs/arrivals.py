"""Datasets that pages have fetched from the network, as plain values in and out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tlcore.data.hub import add_hub
from tlcore.data.publishing import add_public

__all__ = ["hub", "public"]

Tell = Callable[[float, str], None]


def public(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """The job: fetch and store a public dataset."""
    return {"dataset": add_public(about["name"], home, tell).id}


def hub(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """The job: fetch and store a dataset of Hugging Face's hub."""
    return {"dataset": add_hub(about["name"], home, tell).id}
