"""Train low-rank adapters inside the backbone, and the head."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from tlcore.adapters import TARGETS, LoraSettings
from tlcore.strategies.options import count_option, head_rate_option, rate_option
from tlcore.strategies.strategy import Phase, Transferable, Usual, rate, register

__all__ = ["Lora"]


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class Lora:
    """LoRA, https://arxiv.org/abs/2106.09685: every pretrained weight stays as it is."""

    name: ClassVar[str] = "lora"
    title: ClassVar[str] = "LoRA (low-rank adapters)"
    summary: ClassVar[str] = (
        "Keep every pretrained weight and train small matrices beside some of them. Files of a few hundred kB, close "
        "to fine-tuning in what it reaches."
    )
    usual: ClassVar[Usual] = Usual()
    pretrained: ClassVar[bool] = True

    rank: int = count_option(8, "Rank", "Inner width of each adapter: higher learns more, and weighs more.", unit="r")
    alpha: float = field(
        default=16.0,
        metadata={
            "title": "Alpha",
            "help": "What an adapter adds is multiplied by alpha / rank.",
            "min": 0.01,
            "max": 4096.0,
        },
    )
    targets: str = field(
        default="auto",
        metadata={
            "title": "Where",
            "help": "Which modules get an adapter: " + "; ".join(f"{k}: {v}" for k, v in TARGETS.items()) + ".",
            "choices": tuple(TARGETS),
            "free": True,
        },
    )
    dropout: float = field(
        default=0.0,
        metadata={
            "title": "Adapter dropout",
            "help": "Share of an adapter's inputs dropped while training.",
            "min": 0.0,
            "max": 0.9,
        },
    )
    rslora: bool = field(
        default=False,
        metadata={"title": "rsLoRA", "help": "Scale by alpha / sqrt(rank): keeps high ranks stable."},
    )
    dora: bool = field(
        default=False,
        metadata={
            "title": "DoRA",
            "help": "Train each weight's length apart from its direction: often better at low ranks, slower.",
        },
    )
    lr: float = rate_option(2e-4, "Adapter learning rate", "How far each step moves the adapters.")
    head_lr: float = head_rate_option()

    def __post_init__(self) -> None:
        rate("of the adapters", self.lr)
        rate("of the head", self.head_lr)
        self.settings()

    def settings(self) -> LoraSettings:
        """The adapters that these options describe."""
        return LoraSettings(
            rank=self.rank,
            alpha=self.alpha,
            targets=self.targets,
            dropout=self.dropout,
            rslora=self.rslora,
            dora=self.dora,
        )

    def prepare(self, model: Any) -> None:
        """Attach the adapters, unless they are there."""
        from tlcore.adapters.lora import attach, attached

        if not attached(model):
            attach(model, self.settings())

    def phases(self, model: Transferable, epochs: int) -> tuple[Phase, ...]:
        """One phase with the adapters and the head."""
        return (Phase(name="adapters", epochs=epochs, lrs={"backbone.*lora_*": self.lr, "head": self.head_lr}),)
