"""What `fit` tells as it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

__all__ = [
    "EpochDone",
    "Evaluated",
    "Event",
    "Finished",
    "PhaseStarted",
    "RunStarted",
    "SavePoint",
    "StepDone",
    "Told",
    "Warned",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """Before the first step."""

    epochs: int
    steps: int
    """Optimizer steps in all, if no phase ends early."""
    trainable: int
    """Parameters that the first phase trains."""
    total: int
    """Parameters of the model."""
    step: int = 0
    """Steps that were done before, where the training goes on from a saved state."""
    precision: str = "float32"
    """Of the forward pass where the backbone trains."""
    best: EpochDone | None = None
    """The best epoch so far, where the training goes on from a saved state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseStarted:
    """A new trainable set."""

    name: str
    epoch: int
    """Its first epoch, from 1."""
    trainable: int
    """Parameters that train in it."""
    batch_norms: int = 0
    """BatchNorm layers that stay frozen in it although stages around them train."""


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
    n: int = 0
    """Samples in the step."""
    grad_norm: float | None = None
    """2-norm of all gradients together, before clipping; None where it was not measured."""


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
    val_macro_f1: float = 0.0
    best: bool
    """The best val accuracy so far, or the same at a lower loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavePoint:
    """The state can be saved from now on and until the next step, also while val is scored."""

    step: int
    epoch_done: bool
    final: bool = False
    """No epoch follows."""
    save: Callable[[Path], None] = field(repr=False)
    """Write all that `fit` needs to go on from here, as one file that appears whole or not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something worth knowing."""

    text: str


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


Event = RunStarted | PhaseStarted | StepDone | Evaluated | EpochDone | SavePoint | Told | Warned | Finished
