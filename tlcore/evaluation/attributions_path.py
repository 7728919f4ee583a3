"""Integrated gradients with their sum checked: https://arxiv.org/abs/1703.01365."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from tlcore.evaluation.attributions import Sums, Tell

__all__ = ["path_sum"]

GAP = 0.05
"""Share of the difference that may be missing before more steps are taken."""
SLIGHT = 0.02
"""A gap in logits that is left as it is: of no weight for any answer."""
FINER = 2


class _Told(nn.Module):
    """The model, which says how far along the path it is."""

    def __init__(self, model: nn.Module, n: int, tell: Tell) -> None:
        super().__init__()
        self.model, self._n, self._done, self._tell = model, n, 0, tell

    def forward(self, *given: Any) -> Tensor:
        self._done += 1
        self._tell(min(1.0, self._done / self._n))
        out: Tensor = self.model(*given)
        return out


def path_sum(
    model: nn.Module,
    x: tuple[Tensor, ...],
    baseline: tuple[Tensor, ...],
    target: int,
    along: Callable[[nn.Module, int], Tensor],
    tell: Tell,
    steps: int,
    at_once: int,
) -> tuple[Tensor, Sums]:
    """What `along(model, steps)` attributes (1, ...), with more steps if the sum is off by more than `GAP`."""
    with torch.no_grad():
        score, empty = (float(model(*given)[0, target]) for given in (x, baseline))
    for n in (steps, FINER * steps):
        found = along(_Told(model, -(-n // at_once), tell), n).detach()
        sums = Sums(score=score, baseline=empty, total=float(found.double().sum()))
        if abs(sums.delta) <= max(SLIGHT, GAP * abs(score - empty)):
            break
    return found, sums
