"""What a careful person writes without the studio: a plain PyTorch loop over a DataLoader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset

from tlcore import data
from tlcore.features.feeds import move
from tlcore.features.inputs import Reader
from tlcore.zoo.model import Inputs, TransferModel

__all__ = ["train", "train_from_memory"]


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

    _epochs(model, lambda: loader("train", True), lambda: loader("val", False), epochs, lr, torch.float32)


def train_from_memory(
    model: TransferModel,
    splits: Sequence[tuple[Inputs, Tensor]],
    *,
    epochs: int,
    lr: float,
    batch_size: int,
    dtype: torch.dtype,
) -> None:
    """The same loop over tensors that lie on the device: inputs and labels (N,) of train, then of val."""
    (x, y), (x_val, y_val) = splits
    assert isinstance(x, Tensor) and isinstance(x_val, Tensor)

    def shuffled() -> Iterable[tuple[Inputs, Tensor]]:
        order = torch.randperm(len(y), device=y.device)
        return ((x[some], y[some]) for some in order.split(batch_size))

    def val() -> Iterable[tuple[Inputs, Tensor]]:
        return zip(x_val.split(batch_size), y_val.split(batch_size), strict=True)

    _epochs(model, shuffled, val, epochs, lr, dtype)


Batches = Callable[[], Iterable[tuple[Inputs, Tensor]]]


def _epochs(model: TransferModel, train: Batches, val: Batches, epochs: int, lr: float, dtype: torch.dtype) -> None:
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr)
    frozen = not any(p.requires_grad for p in model.backbone.parameters())
    device = next(model.parameters()).device
    precision = torch.autocast(device.type, dtype, enabled=dtype != torch.float32)
    for _ in range(epochs):
        model.train()
        model.backbone.train(not frozen)
        for x, y in train():
            with torch.set_grad_enabled(not frozen), precision:
                features = model.features(move(x, device))
            with precision:
                loss = cross_entropy(model.head(features), y.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.inference_mode(), precision:
            for x, _ in val():
                model(move(x, device))
