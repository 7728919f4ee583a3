"""What moved a score: which parts of an input a model's answer rests on, by a method that fits its architecture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["METHODS", "STEPS", "Heat", "Method", "MethodFacts", "Sums", "TokenScore", "TokenScores"]

Method = Literal["grad_cam", "attention_rollout", "integrated_gradients"]
Tell = Callable[[float], None]
"""Takes the share done, in [0, 1]."""
STEPS = 32
"""Points of the path from the baseline to the input; twice as many where these leave a gap in the sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodFacts:
    """A method, for people."""

    title: str
    help: str
    signed: bool
    """Parts may speak against the class, below zero."""
    of_class: bool
    """It differs from class to class."""
    colours: str
    """What red and blue mean, in a sentence with `{name}` for the class."""


_SIGNED = "Red raises the score of {name}, blue lowers it; the deeper, the more."
METHODS: Mapping[Method, MethodFacts] = {
    "grad_cam": MethodFacts(
        title="Grad-CAM",
        help="The maps of the last convolutions, weighted by how the class's score follows them. Coarse, quick.",
        signed=True,
        of_class=True,
        colours=_SIGNED,
    ),
    "attention_rollout": MethodFacts(
        title="Attention rollout",
        help="Where the attention of all layers, multiplied through, draws from. The same for every class.",
        signed=False,
        of_class=False,
        colours=(
            "The redder, the more attention is drawn from there, over all layers; the least drawn has no colour. Red "
            "speaks neither for a class nor against it."
        ),
    ),
    "integrated_gradients": MethodFacts(
        title="Integrated gradients",
        help="What each part adds to the class's score on the way from an empty input to this one. Fine, slower.",
        signed=True,
        of_class=True,
        colours=_SIGNED,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Whether the parts add up, as the method promises."""

    score: float
    """The class's logit for the input."""
    baseline: float
    """The class's logit for the baseline."""
    total: float
    """Of all parts; `score - baseline` if nothing is lost."""

    @property
    def delta(self) -> float:
        """What the finite number of steps adds or loses."""
        return self.total - (self.score - self.baseline)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heat:
    """A map over an image as the model reads it."""

    values: NDArray[np.float32]
    """(H, W), in logits of the class for `integrated_gradients`; otherwise only its proportions mean something."""
    method: Method
    sums: Sums | None = None
    """Of a method that promises a sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenScore:
    """One token and what it adds to the class's score."""

    text: str
    kind: Literal["word", "piece", "special", "unknown"]
    score: float
    """In logits; above zero speaks for the class. Special tokens stay as they are in the baseline: zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenScores:
    """A text as the model reads it, token by token; never padding."""

    tokens: tuple[TokenScore, ...]
    sums: Sums
    n_cut: int
    """Tokens beyond those that are read."""
    method: Method = "integrated_gradients"

    def words(self) -> tuple[TokenScore, ...]:
        """The same with the pieces of each word joined, and their scores summed."""
        joined: list[TokenScore] = []
        for token in self.tokens:
            if token.kind == "piece" and joined and joined[-1].kind != "special":
                last = joined.pop()
                token = TokenScore(text=last.text + token.text, kind=last.kind, score=last.score + token.score)
            joined.append(token)
        return tuple(joined)
