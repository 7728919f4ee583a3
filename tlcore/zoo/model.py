"""A backbone and a new head, as one module."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from torch import Tensor, nn

from tlcore.zoo.backbone import Backbone, stage_patterns
from tlcore.zoo.head import Head
from tlcore.zoo.networks import headless
from tlcore.zoo.pretrained import pretrained as loaded
from tlcore.zoo.shapes import shapes

__all__ = ["Inputs", "TransferModel", "build", "load_backbone", "skeleton"]

Inputs = Tensor | Mapping[str, Tensor]
"""Images (B, 3, S, S), or tokens by name, each (B, T)."""


class TransferModel(nn.Module):
    """`backbone` maps inputs to features, `head` maps features to logits."""

    def __init__(self, backbone: nn.Module, head: nn.Module, stages: tuple[str, ...]) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head
        self._stages = stages

    def features(self, x: Inputs) -> Tensor:
        """Inputs -> (B, D)."""
        return cast(Tensor, self.backbone(x))

    def forward(self, x: Inputs) -> Tensor:
        """Inputs -> (B, C) logits."""
        return cast(Tensor, self.head(self.features(x)))

    def stages(self) -> tuple[str, ...]:
        """Parameter patterns of the backbone's stages, from input to output."""
        return self._stages


def build(
    backbone: Backbone, n_classes: int, head: Head, *, pretrained: bool = True, home: Path | None = None
) -> TransferModel:
    """The backbone with a new, randomly initialised head (torch's global seed decides it).

    Raises:
        WeightsError: the weights are not on this machine, or do not fit the architecture.
    """
    module = load_backbone(backbone, pretrained=pretrained, home=home)
    return TransferModel(module, head.build(backbone.n_features, n_classes), stage_patterns(backbone))


def skeleton(backbone: Backbone, n_classes: int, head: Head) -> TransferModel:
    """The same in shapes and names alone, on the meta device: needs neither weights nor memory."""
    return cast(TransferModel, shapes(lambda: build(backbone, n_classes, head, pretrained=False)))


def load_backbone(backbone: Backbone, *, pretrained: bool = True, home: Path | None = None) -> nn.Module:
    """The backbone in eval mode: inputs -> (B, D). Not `pretrained` means random weights, as its library draws them.

    Args:
        home: Where uploaded weights are kept; the studio's own without.

    Raises:
        WeightsError: the weights are not on this machine, or do not fit the architecture.
    """
    return (loaded(backbone, home) if pretrained else headless(backbone)).eval()
