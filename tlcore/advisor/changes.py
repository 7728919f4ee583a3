"""Changes to a recipe as plain values, and the recipe they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tlcore.errors import RecipeError
from tlcore.strategies import FeatureExtraction
from tlcore.training.recipe import Recipe

__all__ = ["VIEWS", "apply"]

VIEWS = 2
"""Augmented views of each image, where a frozen backbone should show an augmentation and none were asked for."""
ANEW = ("optimizer", "schedule", "epochs", "clip", "patience", "phases")
"""What goes with a strategy: another one takes its own."""


def apply(recipe: Recipe, fix: Mapping[str, Any]) -> Recipe:
    """The recipe with these changes, by dotted key of its `to_dict()`: `{"strategy.lr": 1e-5, "balance": "weights"}`.

    Another `strategy.name` brings its own options, optimizer, schedule, epochs, clip and patience, and no phases of
    one's own. An augmentation that the frozen backbone of a feature extraction could not show becomes one it can:
    views instead of none, no mixing.

    Raises:
        RecipeError: an unknown key, or a value out of range.
    """
    plain = recipe.to_dict()
    if fix.get("strategy.name", recipe.strategy.name) != recipe.strategy.name:
        plain = {key: value for key, value in plain.items() if key not in ANEW} | {"strategy": {}}
    for key, value in fix.items():
        _put(plain, key, value)
    return _visible(Recipe.from_dict(plain))


def _put(plain: dict[str, Any], key: str, value: Any) -> None:
    part, dot, name = key.partition(".")
    if not dot:
        plain[part] = value
        return
    inner = plain.setdefault(part, {})
    if not isinstance(inner, dict):
        raise RecipeError(f"A recipe has no {key!r}: {part} is a single value, {inner!r}.")
    inner[name] = value


def _visible(recipe: Recipe) -> Recipe:
    varied = recipe.augmentation
    if not isinstance(recipe.strategy, FeatureExtraction) or not (varied.active or varied.mixes):
        return recipe
    views = varied.views or (VIEWS if varied.active else 0)
    return replace(recipe, augmentation=replace(varied, mixup=0.0, cutmix=0.0, views=views))
