"""What a text backbone can read: how long a text, in which languages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tlcore.data.checks import Reads
from tlcore.errors import RecipeError
from tlcore.features.inputs import TextInputs, reader
from tlcore.zoo import Backbone

__all__ = ["reads", "token_counter"]

ENGLISH = ("albert-base-v2", "bert-base-uncased", "distilbert-base-uncased", "gpt2", "minilm", "roberta-base")
"""Backbones whose papers say that they were trained on English. Of those that users name, nothing is known."""


def reads(backbone: Backbone) -> Reads:
    """The longest text and the languages of a text backbone."""
    languages = ("en",) if backbone.name in ENGLISH else ()
    return Reads(title=backbone.title, max_tokens=backbone.max_tokens, languages=languages)


def token_counter(backbone: Backbone, home: Path) -> Callable[[Sequence[str]], list[int]]:
    """Texts -> the tokens of each, special ones included and nothing cut off.

    Raises:
        RecipeError: it is one of images.
        WeightsError: the tokenizer of the backbone is not on this machine.
    """
    inputs = reader(backbone, home)
    if not isinstance(inputs, TextInputs):
        raise RecipeError(f"{backbone.title} reads images; choose a model of texts.")

    def count(texts: Sequence[str]) -> list[int]:
        whole = inputs.tokenizer(list(texts), truncation=False, verbose=False)["input_ids"]
        return [len(ids) for ids in whole]

    return count
