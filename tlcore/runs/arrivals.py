"""Datasets that pages have fetched from the network, as plain values in and out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tlcore.data.publishing import add_public

__all__ = ["public"]

Tell = Callable[[float, str], None]


def public(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """The job: fetch and store a public dataset."""
    return {"dataset": add_public(about["name"], home, tell).id}
