"""The new classifier on top of a backbone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tlcore.errors import RecipeError

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Head"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Dropout - Linear - ReLU, once per hidden layer, then Dropout - Linear to the classes."""

    hidden: tuple[int, ...] = (256,)
    """Width of each hidden layer; empty for a plain linear head."""
    dropout: tuple[float, ...] = (0.3, 0.2)
    """Share dropped before each Linear, so one more entry than `hidden`, each in [0, 1)."""

    def __post_init__(self) -> None:
        if len(self.dropout) != len(self.hidden) + 1:
            raise RecipeError(
                f"A head with {len(self.hidden)} hidden layers needs {len(self.hidden) + 1} dropout rates, "
                f"one before each linear layer; got {len(self.dropout)}."
            )
        if any(width < 1 for width in self.hidden):
            raise RecipeError(f"Hidden layers need at least one unit; got {self.hidden}.")
        if any(not 0 <= rate < 1 for rate in self.dropout):
            raise RecipeError(f"Dropout rates lie in [0, 1); got {self.dropout}.")

    def n_params(self, n_features: int, n_classes: int) -> int:
        """Weights and biases of the head over `n_features` for `n_classes`."""
        return sum(wide * narrow + narrow for wide, narrow in pairwise((n_features, *self.hidden, n_classes)))

    def build(self, n_features: int, n_classes: int) -> nn.Sequential:
        """The module: (B, n_features) -> (B, n_classes) logits."""
        from torch import nn

        layers: list[nn.Module] = []
        widths = (n_features, *self.hidden, n_classes)
        for rate, (wide, narrow) in zip(self.dropout, pairwise(widths), strict=True):
            layers += [nn.Dropout(rate), nn.Linear(wide, narrow), nn.ReLU()]
        return nn.Sequential(*layers[:-1])
