"""A recipe in the words of the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tlcore.strategies import strategy
from tlcore.training import Recipe

__all__ = ["changes"]

_FLAGS = ("dataset", "backbone", "epochs")


def changes(recipe: Recipe) -> list[str]:
    """`key=value` for every setting that is not the default, those with flags of their own left out."""
    usual = Recipe(dataset=recipe.dataset, backbone=recipe.backbone, strategy=strategy(recipe.strategy.name))
    now, before = _flat(recipe.to_dict()), _flat(usual.to_dict())
    return [f"{key}={_value(value)}" for key, value in now.items() if key not in _FLAGS and before.get(key) != value]


def _flat(plain: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in plain.items():
        flat |= _flat(value, f"{above}{key}.") if isinstance(value, Mapping) else {above + key: value}
    return flat


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
