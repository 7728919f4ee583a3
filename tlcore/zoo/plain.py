"""Records of backbones as plain values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from tlcore.zoo.backbone import Backbone

__all__ = ["from_plain", "to_plain"]


def to_plain(backbone: Backbone) -> dict[str, Any]:
    """Values that JSON keeps."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(backbone).items()}


def from_plain(plain: Mapping[str, Any]) -> Backbone:
    """The inverse of `to_plain`; what is absent takes its default.

    Raises:
        TypeError: a field is unknown, or a needed one is missing.
    """
    known = {field.name for field in fields(Backbone)}
    if unknown := sorted(set(plain) - known):
        raise TypeError(f"a backbone has no {unknown[0]!r}")
    given: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in plain.items()}
    return Backbone(**given)
