"""What an adapter is: its rank, its scale, and where it sits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tlcore.errors import RecipeError

__all__ = ["TARGETS", "LoraSettings"]

TARGETS: Mapping[str, str] = {
    "auto": "Attention's query and value; in a network without attention its pointwise convolutions and linear layers",
    "attention": "All projections of the attention",
    "linear": "Every linear layer",
    "convolution": "Every convolution that is not grouped",
}
"""Names of choices. Anything else is a list of module name endings, joined with commas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraSettings:
    """LoRA, https://arxiv.org/abs/2106.09685: W' = W + (alpha / r) B A, with B zero at the start."""

    rank: int = 8
    """r, the inner width of both factors."""
    alpha: float = 16.0
    """Scale: what the adapter adds is multiplied by alpha / r."""
    targets: str = "auto"
    """One of `TARGETS`, or module name endings such as `query,value`."""
    dropout: float = 0.0
    """Share of an adapter's inputs dropped while training, in [0, 1)."""
    rslora: bool = False
    """Scale by alpha / sqrt(r) instead, which keeps high ranks stable: https://arxiv.org/abs/2312.03732."""
    dora: bool = False
    """Train each weight's length apart from its direction: https://arxiv.org/abs/2402.09353."""

    def __post_init__(self) -> None:
        if not isinstance(self.rank, int) or isinstance(self.rank, bool) or not 1 <= self.rank <= 1024:
            raise RecipeError(f"The rank of an adapter is a whole number from 1 to 1,024; got {self.rank!r}.")
        if not self.alpha > 0:
            raise RecipeError(f"alpha scales what an adapter adds, so it is above 0; got {self.alpha!r}.")
        if not 0 <= self.dropout < 1:
            raise RecipeError(f"Dropout of an adapter lies in [0, 1); got {self.dropout!r}.")
        if not self.targets.strip(" ,"):
            raise RecipeError(
                f"An adapter needs a target: {', '.join(TARGETS)}, or module names; got {self.targets!r}."
            )
