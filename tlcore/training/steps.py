"""Steps whose results are still on the device, and their report: one transfer for all of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tlcore.errors import DivergedError
from tlcore.training.events import StepDone
from tlcore.training.update import Measured

__all__ = ["ADVICE", "Taken", "reported"]

ADVICE = (
    "The learning rate is too high for these weights: use a tenth of it, a warm-up, or gradient clipping (clip = 1). "
    "The best epoch so far is kept."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A step that moved the weights."""

    step: int
    """From 1, over the whole training."""
    lrs: Mapping[str, float]
    """Rate of each parameter group, by its pattern."""
    n: int
    """Samples."""
    measured: Measured
    """Scalars on the device."""


def reported(steps: Sequence[Taken], epoch: int, device: torch.device) -> Iterator[tuple[StepDone, float]]:
    """Each step with the number of its samples that were right (a float: mixed labels count in part).

    Raises:
        DivergedError: a loss is no number.
    """
    if not steps:
        return
    zero = torch.zeros((), device=device)
    rows = [torch.stack((one.measured.loss.float(), one.measured.right.float(), _norm(one, zero))) for one in steps]
    for one, (loss, right, norm) in zip(steps, torch.stack(rows).tolist(), strict=True):
        if not math.isfinite(loss):
            raise _diverged(one, loss)
        done = StepDone(
            step=one.step,
            epoch=epoch,
            loss=loss,
            accuracy=right / one.n,
            lrs=one.lrs,
            n=one.n,
            grad_norm=None if one.measured.grad_norm is None else norm,
        )
        yield done, right


def _norm(one: Taken, zero: Tensor) -> Tensor:
    norm = one.measured.grad_norm
    return zero if norm is None else norm.float()


def _diverged(one: Taken, loss: float) -> DivergedError:
    highest = max(one.lrs.values())
    return DivergedError(f"The loss became {loss} at step {one.step:,}, at a learning rate of {highest:g}. {ADVICE}")
