"""A recipe's model and data, as every process of a run begins with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from tlcore.data import Dataset, load_dataset
from tlcore.device import torch_device
from tlcore.features.stored import DatasetFeeds
from tlcore.training import Recipe
from tlcore.zoo import backbone
from tlcore.zoo.model import TransferModel, build

__all__ = ["made"]


def made(
    home: Path, recipe: Recipe, tell: Callable[[str], None] = lambda words: None
) -> tuple[TransferModel, DatasetFeeds, Dataset]:
    """The model before its strategy prepares it, on the recipe's device and drawn by its seed; its feeds; its dataset.

    Raises:
        DataError: the dataset is gone.
        WeightsError: the backbone's weights are not here.
    """
    dataset, record, device = load_dataset(home, recipe.dataset), backbone(recipe.backbone), torch_device(recipe.device)
    torch.manual_seed(recipe.seed)
    pretrained = recipe.strategy.pretrained
    model = build(record, len(dataset.classes), recipe.head, pretrained=pretrained, home=home).to(device)
    data = DatasetFeeds(
        dataset,
        record,
        home,
        device=device,
        augmentation=recipe.augmentation,
        seed=recipe.seed,
        precision=recipe.precision,
        tell=tell,
    )
    return model, data, dataset
