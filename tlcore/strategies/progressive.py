"""A recipe in three parts: the head, the last two stages with it, everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tlcore.strategies.options import head_rate_option, rate_option
from tlcore.strategies.strategy import Phase, Transferable, Usual, halves, rate, register

__all__ = ["Progressive"]

WARMUP = 0.1
"""Share of the last part."""


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class Progressive:
    """A quarter of the epochs for the head, a quarter for the last two stages with it, half for everything."""

    name: ClassVar[str] = "progressive"
    title: ClassVar[str] = "Progressive recipe"
    summary: ClassVar[str] = (
        "Head, then the last two stages, then everything at very low rates after a warm-up: the careful way to adapt "
        "all of it."
    )
    usual: ClassVar[Usual] = Usual(epochs=20, schedule="constant", warmup=0.0, patience=5)
    pretrained: ClassVar[bool] = True

    head_lr: float = head_rate_option()
    lr: float = rate_option(1e-5, "Last two stages", "Their learning rate in the second part.", text=2e-5)
    early_lr: float = rate_option(
        1e-6, "Early stages, in the end", "First half of the backbone, third part.", text=2e-6
    )
    late_lr: float = rate_option(1e-5, "Late stages, in the end", "Second half of the backbone, third part.", text=2e-5)
    final_head_lr: float = rate_option(1e-4, "Head, in the end", "The head in the third part.")

    def __post_init__(self) -> None:
        rate("of the head", self.head_lr)
        rate("of the last two stages", self.lr)
        rate("of the early stages", self.early_lr)
        rate("of the late stages", self.late_lr)
        rate("of the head in the end", self.final_head_lr)

    def phases(self, model: Transferable, epochs: int) -> tuple[Phase, ...]:
        """Of 20 epochs 5, 5 and 10; of others the same shares, the last part taking what is left."""
        stages = model.stages()
        early, late = halves(stages)
        quarter = max(1, epochs // 4)
        parts = (
            ("head", quarter, {"head": self.head_lr}, 0.0),
            ("last two stages", quarter, dict.fromkeys(stages[-2:], self.lr) | {"head": self.head_lr}, 0.0),
            (
                "all",
                epochs - 2 * quarter,
                dict.fromkeys(early, self.early_lr) | dict.fromkeys(late, self.late_lr) | {"head": self.final_head_lr},
                WARMUP,
            ),
        )
        fitting = parts[-1:] if epochs < 2 else parts[:1] + parts[-1:] if epochs < 3 else parts
        left, phases = epochs, list[Phase]()
        for name, share, lrs, warmup in fitting:
            length = left if name == "all" else share
            phases.append(Phase(name=name, epochs=length, lrs=lrs, warmup=warmup))
            left -= length
        return tuple(phases)
