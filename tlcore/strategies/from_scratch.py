"""Train everything from random weights: the honest baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tlcore.strategies.options import rate_option
from tlcore.strategies.strategy import Phase, Transferable, Usual, rate, register

__all__ = ["FromScratch"]


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class FromScratch:
    """The architecture without its pretrained weights; what transfer gains is what it loses."""

    name: ClassVar[str] = "from_scratch"
    title: ClassVar[str] = "From scratch (random weights)"
    summary: ClassVar[str] = (
        "Ignore the pretrained weights and start from random ones: the baseline that shows what transfer gains, and "
        "the answer for data unlike anything pretrained on."
    )
    usual: ClassVar[Usual] = Usual(epochs=30)
    pretrained: ClassVar[bool] = False

    lr: float = rate_option(1e-3, "Learning rate", "Of the whole network.")

    def __post_init__(self) -> None:
        rate("of the network", self.lr)

    def phases(self, model: Transferable, epochs: int) -> tuple[Phase, ...]:
        """One phase with everything in it at one rate."""
        return (Phase(name="all", epochs=epochs, lrs={"backbone": self.lr, "head": self.lr}),)
