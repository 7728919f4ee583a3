"""Train the head first, then one more stage at a time, deepest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from tlcore.errors import RecipeError
from tlcore.strategies.options import count_option, head_rate_option, rate_option
from tlcore.strategies.strategy import Phase, Transferable, Usual, rate, register

__all__ = ["GradualUnfreezing"]


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class GradualUnfreezing:
    """Gradual unfreezing, ULMFiT section 3.3: https://arxiv.org/abs/1801.06146."""

    name: ClassVar[str] = "gradual_unfreezing"
    title: ClassVar[str] = "Gradual unfreezing"
    summary: ClassVar[str] = (
        "Start with the head, then let one more stage train at a time, deepest first. For small data unlike the "
        "pretraining."
    )
    usual: ClassVar[Usual] = Usual(schedule="constant", warmup=0.0)
    pretrained: ClassVar[bool] = True

    lr: float = rate_option(1e-4, "Deepest stage", "Learning rate of the stage nearest the head.", text=2e-5)
    decay: float = field(
        default=0.5,
        metadata={
            "title": "Factor per stage",
            "help": "Each stage further from the head trains at this share of the rate of the one before it.",
            "min": 0.01,
            "max": 1.0,
        },
    )
    """In (0, 1]."""
    head_lr: float = head_rate_option()
    head_epochs: int = count_option(2, "Head alone", "How long only the head trains.", unit="epochs")
    stage_epochs: int = count_option(2, "Each stage", "How long until the next stage joins.", unit="epochs")

    def __post_init__(self) -> None:
        rate("of the deepest stage", self.lr)
        rate("of the head", self.head_lr)
        if not 0 < self.decay <= 1:
            raise RecipeError(f"The factor per stage lies in (0, 1]; got {self.decay}.")
        if self.head_epochs < 1 or self.stage_epochs < 1:
            raise RecipeError(f"Head and stages get at least one epoch; got {self.head_epochs}, {self.stage_epochs}.")

    def phases(self, model: Transferable, epochs: int) -> tuple[Phase, ...]:
        """The head alone, then stage k = 0, 1, ... from the deepest joins at lr x decay^k until epochs run out.

        What is left when every stage has joined goes to the last phase.
        """
        deepest_first = model.stages()[::-1]
        lrs: Mapping[str, float] = {"head": self.head_lr}
        phases = [Phase(name="head", epochs=min(epochs, self.head_epochs), lrs=lrs)]
        left = epochs - phases[0].epochs
        for k, stage in enumerate(deepest_first):
            if not left:
                break
            lrs = {stage: self.lr * self.decay**k, **lrs}
            last = k == len(deepest_first) - 1
            phases.append(Phase(name=_name(k), epochs=left if last else min(left, self.stage_epochs), lrs=lrs))
            left -= phases[-1].epochs
        return tuple(phases)


def _name(k: int) -> str:
    return "head and last stage" if k == 0 else f"head and last {k + 1} stages"
