"""What `fit` tells as it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["EpochDone", "Evaluated", "Event", "Finished", "PhaseStarted", "RunStarted", "StepDone", "Warned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """Before the first step."""

    epochs: int
    steps: int
    """Optimizer steps in all."""
    trainable: int
    """Parameters that the first phase trains."""
    total: int
    """Parameters of the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseStarted:
    """A new trainable set."""

    name: str
    epoch: int
    """Its first epoch, from 1."""
    trainable: int
    """Parameters that train in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone:
    """One optimizer step."""

    step: int
    """From 1, over the whole run."""
    epoch: int
    loss: float
    """Mean cross-entropy of the batch, in nats, with dropout on."""
    accuracy: float
    """Share of the batch that was right, in [0, 1], with dropout on."""
    lrs: Mapping[str, float]
    """By parameter pattern, as used in this step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """Progress of scoring a split: long for a large one, so it is told."""

    split: Literal["val", "test"]
    done: int
    """Samples."""
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochDone:
    """The end of an epoch, after scoring val."""

    epoch: int
    step: int
    train_loss: float
    """Mean over the epoch's steps, while the weights moved and dropout was on."""
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    best: bool
    """The best val accuracy so far, or the same at a lower loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Something the user should know."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """All epochs done; the model holds the weights of the best one."""

    best_epoch: int
    val_accuracy: float
    val_loss: float


Event = RunStarted | PhaseStarted | StepDone | Evaluated | EpochDone | Warned | Finished
