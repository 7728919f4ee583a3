"""A model and data small enough that a training takes milliseconds."""

import torch
from torch import Tensor, nn

from tlcore.features.feeds import TensorFeeds
from tlcore.training import Recipe
from tlcore.zoo import Head
from tlcore.zoo.model import TransferModel

CLASSES, WIDTH, FEATURES = 3, 6, 12


def model(seed: int = 0) -> TransferModel:
    """Two stages with BatchNorm, random weights, (B, 6) -> (B, 3)."""
    torch.manual_seed(seed)
    stage = nn.Sequential(nn.Linear(WIDTH, FEATURES), nn.BatchNorm1d(FEATURES), nn.ReLU())
    backbone = nn.Sequential(stage, nn.Linear(FEATURES, FEATURES))
    head = Head(hidden=(16,), dropout=(0.1, 0.1)).build(FEATURES, CLASSES)
    return TransferModel(backbone, head, ("backbone.0", "backbone.1"))


def split(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Three Gaussian clouds: (n, 6) and labels (n,)."""
    draw = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % CLASSES
    centres = torch.randn(CLASSES, WIDTH, generator=torch.Generator().manual_seed(99)) * 2
    return centres[y] + torch.randn(n, WIDTH, generator=draw), y


def feeds() -> TensorFeeds:
    """120 train, 45 val, 45 test samples."""
    return TensorFeeds(train=split(120, 1), val=split(45, 2), test=split(45, 3))


def recipe(**changes: object) -> Recipe:
    """Five epochs of feature extraction."""
    settings: dict[str, object] = {"dataset": "tiny", "backbone": "minilm", "epochs": 5, "batch_size": 16}
    return Recipe(**(settings | changes))  # type: ignore[arg-type]
