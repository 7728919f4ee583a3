"""What is asked of a training, looked at before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tlcore.data import Dataset
from tlcore.errors import RecipeError, WeightsError
from tlcore.strategies import FeatureExtraction
from tlcore.training import Recipe
from tlcore.zoo import backbone, weights_state

__all__ = ["check", "merged", "row_of"]


def check(recipe: Recipe, dataset: Dataset) -> None:
    """Refuse what cannot work before anything starts.

    Raises:
        RecipeError: dataset and backbone do not fit.
        WeightsError: the backbone's weights are not on this machine.
    """
    record = backbone(recipe.backbone)
    if record.modality != dataset.modality:
        raise RecipeError(
            f"{record.title} reads {record.modality}s, but the dataset {dataset.name!r} holds {dataset.modality}s. "
            "Choose a backbone of the same kind."
        )
    recipe.augmentation.check(dataset.modality, frozen=isinstance(recipe.strategy, FeatureExtraction))
    state = weights_state(record, dataset.home)
    if recipe.strategy.pretrained and not state.ready:
        raise WeightsError(state.detail)


def row_of(recipe: Recipe, dataset: Dataset) -> dict[str, Any]:
    """What the row of a run says of what it trains and on what."""
    return {
        "dataset": dataset.id,
        "dataset_name": dataset.name,
        "modality": dataset.modality,
        "backbone": recipe.backbone,
        "strategy": recipe.strategy.name,
        "recipe": recipe.to_dict(),
        "epochs": recipe.epochs + sum(recipe.extensions),
    }


def merged(plain: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe's plain values with others in their place: parts value by value, unless they become another kind."""
    found = dict(plain)
    for key, value in changes.items():
        before = plain.get(key)
        same = isinstance(value, Mapping) and isinstance(before, Mapping)
        if same and value.get("name", before.get("name")) == before.get("name"):  # type: ignore[union-attr]
            value = {**before, **value}  # type: ignore[dict-item]
        found[key] = value
    return found
