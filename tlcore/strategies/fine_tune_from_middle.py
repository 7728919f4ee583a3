"""Train the later half of the backbone and the head; the early half stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tlcore.strategies.options import head_rate_option, rate_option
from tlcore.strategies.strategy import Phase, Transferable, Usual, halves, rate, register

__all__ = ["FineTuneFromMiddle"]


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuneFromMiddle:
    """How far features transfer falls with depth: https://arxiv.org/abs/1411.1792."""

    name: ClassVar[str] = "fine_tune_from_middle"
    title: ClassVar[str] = "Fine-tune from the middle"
    summary: ClassVar[str] = (
        "Keep the early half of the backbone, train the late half and the head. For larger data unlike the pretraining."
    )
    usual: ClassVar[Usual] = Usual()
    pretrained: ClassVar[bool] = True

    lr: float = rate_option(1e-4, "Late stages", "Learning rate of the second half of the backbone.", text=2e-5)
    head_lr: float = head_rate_option()

    def __post_init__(self) -> None:
        rate("of the late stages", self.lr)
        rate("of the head", self.head_lr)

    def phases(self, model: Transferable, epochs: int) -> tuple[Phase, ...]:
        """One phase with the later half of the stages and the head."""
        _, late = halves(model.stages())
        return (Phase(name="late half", epochs=epochs, lrs=dict.fromkeys(late, self.lr) | {"head": self.head_lr}),)
