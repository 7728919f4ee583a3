"""Train everything, early stages at a lower rate than late ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tlcore.strategies.options import head_rate_option, rate_option
from tlcore.strategies.strategy import Phase, Transferable, Usual, halves, rate, register

__all__ = ["FineTune"]


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class FineTune:
    """Discriminative learning rates, ULMFiT section 3.2: https://arxiv.org/abs/1801.06146."""

    name: ClassVar[str] = "fine_tune"
    title: ClassVar[str] = "Fine-tune everything"
    summary: ClassVar[str] = (
        "Train the whole network, early stages at low rates, late ones at higher rates. For larger data."
    )
    usual: ClassVar[Usual] = Usual()
    pretrained: ClassVar[bool] = True

    early_lr: float = rate_option(
        1e-5, "Early stages", "Learning rate of the first half of the backbone: edges, textures, words.", text=2e-5
    )
    late_lr: float = rate_option(
        1e-4, "Late stages", "Learning rate of the second half of the backbone: what is specific to a task.", text=2e-5
    )
    head_lr: float = head_rate_option()

    def __post_init__(self) -> None:
        rate("of the early stages", self.early_lr)
        rate("of the late stages", self.late_lr)
        rate("of the head", self.head_lr)

    def phases(self, model: Transferable, epochs: int) -> tuple[Phase, ...]:
        """One phase with everything in it."""
        early, late = halves(model.stages())
        lrs = dict.fromkeys(early, self.early_lr) | dict.fromkeys(late, self.late_lr) | {"head": self.head_lr}
        return (Phase(name="all", epochs=epochs, lrs=lrs),)
