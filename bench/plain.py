"""What a careful person writes without the studio: a plain PyTorch loop over a DataLoader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset

from tlcore import data
from tlcore.features.feeds import move
from tlcore.features.inputs import Reader
from tlcore.zoo.model import Inputs, TransferModel

__all__ = ["train"]


class Samples(Dataset[tuple[Any, int]]):
    """Decodes and prepares a sample each time it is asked for."""

    def __init__(self, stored: data.Dataset, rows: np.ndarray, inputs: Reader) -> None:
        self.stored, self.rows, self.inputs, self.labels = stored, rows, inputs, stored.labels()

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> tuple[Any, int]:
        row = int(self.rows[i])
        return self.inputs.prepare(self.stored.sample(row)), int(self.labels[row])


def train(
    model: TransferModel, stored: data.Dataset, inputs: Reader, *, epochs: int, lr: float, batch_size: int, workers: int
) -> None:
    """Train what has `requires_grad`, scoring val after each epoch, as every tutorial does."""

    def collate(samples: Sequence[tuple[Any, int]]) -> tuple[Inputs, Tensor]:
        return inputs.collate([sample for sample, _ in samples]), torch.tensor([label for _, label in samples])

    def loader(split: data.Split, shuffle: bool) -> DataLoader[Any]:
        rows = Samples(stored, stored.rows(split), inputs)
        return DataLoader(rows, batch_size, shuffle=shuffle, num_workers=workers, collate_fn=collate)

    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr)
    frozen = not any(p.requires_grad for p in model.backbone.parameters())
    device = next(model.parameters()).device
    for _ in range(epochs):
        model.train()
        model.backbone.train(not frozen)
        for x, y in loader("train", True):
            with torch.set_grad_enabled(not frozen):
                features = model.features(move(x, device))
            _step(model.head, features, y.to(device), optimizer)
        model.eval()
        with torch.inference_mode():
            for x, _ in loader("val", False):
                model(move(x, device))


def _step(head: nn.Module, features: Tensor, y: Tensor, optimizer: torch.optim.Optimizer) -> None:
    loss = cross_entropy(head(features), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
