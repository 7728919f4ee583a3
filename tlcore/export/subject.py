"""What is exported: a trained model with the data it was trained on, and what is known of its training."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tlcore.adapters.lora import attached, merge
from tlcore.data import Dataset, Split
from tlcore.features.feeds import Read
from tlcore.features.inputs import Reader, reader
from tlcore.features.varied import reading
from tlcore.strategies import Lora
from tlcore.training import Recipe
from tlcore.zoo import Backbone, backbone

if TYPE_CHECKING:
    from tlcore.zoo.model import Inputs, TransferModel

__all__ = ["Fitted", "Subject"]

BATCH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """How a temperature was fitted, and what it does."""

    n: int
    """Val samples that it was fitted on."""
    n_test: int = 0
    """Test samples that the two errors were measured on; 0 where no answers to them are kept."""
    ece_raw: float = 0.0
    """Expected calibration error on test without it, in [0, 1]."""
    ece: float = 0.0
    """The same with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A trained model, on the CPU and in eval mode, with its data."""

    run: str
    """The run's id."""
    name: str
    """As its owner calls the run."""
    model: TransferModel
    """With its adapters, if it has any."""
    recipe: Recipe
    dataset: Dataset
    home: Path
    epoch: int
    """Whose weights these are."""
    trained: float
    """Unix seconds at which the training ended."""
    report: Mapping[str, Any] | None = None
    """The scores on test, if there are any."""
    val_accuracy: float | None = None
    """At that epoch, in [0, 1]."""
    temperature: float = 1.0
    """What logits are divided by before the softmax, as fitted on val; 1 where nothing was fitted."""
    fitted: Fitted | None = None
    """How the temperature was fitted; None where none was, or where that is not known."""
    stopped: int = 0
    """The epoch in which the run came to rest before its planned end; 0 where it did not."""
    inputs: Reader = field(init=False)
    """What turns samples into what the network reads."""
    read: Read = field(init=False)
    """Rows of the dataset -> prepared samples."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", reader(self.record, self.home))
        object.__setattr__(self, "read", reading(self.dataset, self.inputs, self.home))
        self.model.cpu().eval().requires_grad_(False)

    @property
    def record(self) -> Backbone:
        """Of the backbone."""
        return backbone(self.recipe.backbone)

    @property
    def classes(self) -> tuple[str, ...]:
        """In the order of the logits."""
        return self.dataset.classes

    @property
    def adapted(self) -> bool:
        """Whether low-rank adapters were trained."""
        return isinstance(self.recipe.strategy, Lora)

    def merged(self) -> TransferModel:
        """The model as a plain network: adapters are folded into a copy of its weights."""
        if not attached(self.model):
            return self.model
        plain = copy.deepcopy(self.model)
        merge(plain)
        return plain.eval().requires_grad_(False)

    def rows(self, split: Split, most: int) -> NDArray[np.int64]:
        """At most so many rows of a split, spread over all of it and so over the classes."""
        own = self.dataset.rows(split)
        return (
            own[np.unique(np.linspace(0, len(own) - 1, min(len(own), most)).round().astype(int))] if len(own) else own
        )

    def batches(self, split: Split, most: int) -> Iterator[tuple[Inputs, NDArray[np.int64]]]:
        """Inputs, never varied, and labels of `rows`, some at a time."""
        rows, labels = self.rows(split, most), self.dataset.labels()
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            yield self.inputs.collate(self.read(some)), labels[some]
