"""Train the head on a backbone that stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tlcore.strategies.options import rate_option
from tlcore.strategies.strategy import Optimizer, Phase, Transferable, Usual, rate, register

__all__ = ["FeatureExtraction"]


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureExtraction:
    """The backbone is frozen and in eval mode, so BatchNorm statistics stay put; only the head trains."""

    name: ClassVar[str] = "feature_extraction"
    title: ClassVar[str] = "Feature extraction"
    summary: ClassVar[str] = (
        "Train a new head on the frozen backbone. Minutes, little data, little risk of overfitting."
    )
    usual: ClassVar[Usual] = Usual(optimizer=Optimizer(name="adam"), schedule="constant", warmup=0.0, clip=0.0)
    pretrained: ClassVar[bool] = True

    lr: float = rate_option(1e-3, "Head learning rate", "How far each step moves the head.")
    """Learning rate of the head."""

    def __post_init__(self) -> None:
        rate("of the head", self.lr)

    def phases(self, model: Transferable, epochs: int) -> tuple[Phase, ...]:
        """One phase with only the head in it."""
        return (Phase(name="head", epochs=epochs, lrs={"head": self.lr}),)
