"""One optimizer step over a batch, in as many parts as memory allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn, optim

from tlcore.training.criterion import Criterion
from tlcore.training.scoring import Forward, out_of_memory
from tlcore.zoo.model import Inputs

__all__ = ["Measured", "Update"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one step showed, still on the device."""

    loss: Tensor
    right: Tensor
    """How many samples of the batch were right."""
    grad_norm: Tensor | None


@dataclass(kw_only=True)
class Update:
    """The optimizer and what surrounds it."""

    optimizer: optim.Optimizer
    criterion: Criterion
    scaler: torch.amp.GradScaler
    clip: float
    """Largest norm of the gradients; 0 for none."""
    micro: int
    """Samples that pass the network at a time."""
    warn: Callable[[str], None]
    _parameters: list[Tensor] = field(init=False)

    def __post_init__(self) -> None:
        self._parameters = [p for group in self.optimizer.param_groups for p in group["params"]]

    def step(self, forward: Forward, x: Inputs, y: Tensor, factor: float, *, norm: bool = False) -> Measured:
        """Move the weights once; rates are the groups' base rates times `factor`.

        Out of memory, the parts are halved and the step is tried again: the step itself stays the same.

        Args:
            norm: Measure the gradients' norm also where nothing is clipped.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = group["base_lr"] * factor
        while True:
            try:
                return self._attempt(forward, x, y, norm)
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error) or self.micro < 2:
                    raise
            self._shrink(len(y))

    def _attempt(self, forward: Forward, x: Inputs, y: Tensor, norm: bool) -> Measured:
        self.optimizer.zero_grad(set_to_none=True)
        total, losses, rights = self.criterion.total(y), [], []
        for start in range(0, len(y), self.micro):
            part = slice(start, start + self.micro)
            out = forward(x if len(y) <= self.micro else _piece(x, part))  # (b, C)
            loss = self.criterion(out, y[part], total)
            self.scaler.scale(loss).backward()
            losses.append(loss.detach())
            rights.append(_right(out.detach(), y[part]))
        measured = self._norm() if self.clip or norm else None
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return Measured(loss=_sum(losses), right=_sum(rights), grad_norm=measured)

    def _norm(self) -> Tensor:
        self.scaler.unscale_(self.optimizer)
        return nn.utils.clip_grad_norm_(self._parameters, self.clip or float("inf"), foreach=True)

    def _shrink(self, n: int) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        self.micro = -(-min(self.micro, n) // 2)
        self.warn(
            f"Out of memory: from here on {self.micro:,} samples pass the network at a time, and gradients add up over "
            f"{-(-n // self.micro)} such parts. The batch of {n:,} samples, and so the training, stays the same."
        )


def _piece(x: Inputs, part: slice) -> Inputs:
    return x[part] if isinstance(x, Tensor) else {name: value[part] for name, value in x.items()}


def _sum(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.stack(parts).sum()


def _right(out: Tensor, y: Tensor) -> Tensor:
    return (out.argmax(1) == (y if y.ndim == 1 else y.argmax(1))).sum()
