"""Train the head on a backbone that stays as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from tlcore.errors import RecipeError
from tlcore.strategies.strategy import Optimizer, Phase, Transferable, register

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
    optimizer: ClassVar[Optimizer] = Optimizer(name="adam")

    lr: float = field(
        default=1e-3,
        metadata={"title": "Head learning rate", "help": "How far each step moves the head.", "min": 1e-6, "max": 1.0},
    )
    """Learning rate of the head."""

    def __post_init__(self) -> None:
        if not 0 < self.lr <= 1:
            raise RecipeError(f"The learning rate of the head lies in (0, 1]; got {self.lr}.")

    def phases(self, model: Transferable, epochs: int) -> tuple[Phase, ...]:
        """One phase with only the head in it."""
        return (Phase(name="head", epochs=epochs, lrs={"head": self.lr}),)
