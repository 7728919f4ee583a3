"""A backbone that is loaded when the first feature is missing, and not before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from tlcore.training.scoring import embedder
from tlcore.zoo import Backbone, stage_patterns
from tlcore.zoo.model import TransferModel, load_backbone

if TYPE_CHECKING:
    from torch import Tensor

    from tlcore.zoo.model import Inputs

__all__ = ["LateEmbed"]


class LateEmbed:
    """Inputs -> features (B, D); where all features are stored, neither weights are read nor memory is taken."""

    def __init__(self, record: Backbone, home: Path, device: torch.device) -> None:
        self._record, self._home, self._device = record, home, device
        self._embed: Callable[[Inputs], Tensor] | None = None

    def __call__(self, x: Inputs) -> Tensor:
        """Inputs -> features (B, D)."""
        if self._embed is None:
            network = load_backbone(self._record, home=self._home).to(self._device)
            self._embed = embedder(TransferModel(network, nn.Identity(), stage_patterns(self._record)))
        return self._embed(x)
