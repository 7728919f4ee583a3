"""From samples as people have them to what a backbone reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tlcore.data.transforms import ImagePreprocessing, Pixels, finish, resize
from tlcore.zoo import Backbone, tokenizer_folder

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from tlcore.zoo.model import Inputs

__all__ = ["ImageInputs", "Reader", "TextInputs", "batch", "image_preprocessing", "reader"]


class Reader(Protocol):
    """Turns samples into model inputs; the same two steps for images and texts."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the inputs made of a sample would."""
        ...

    @property
    def window(self) -> int:
        """How many samples to gather, so that alike ones share a batch; 1 where it makes no difference."""
        ...

    def prepare(self, sample: Any) -> Any:
        """The costly part, for one sample, in a form worth keeping."""
        ...

    def collate(self, prepared: Sequence[Any]) -> Inputs:
        """Prepared samples as one batch."""
        ...

    def length(self, prepared: Any) -> int:
        """What samples are sorted by so that little padding is computed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageInputs:
    """RGB images -> float32 (B, 3, S, S)."""

    preprocessing: ImagePreprocessing
    window: int = 1

    @property
    def fingerprint(self) -> str:
        """The preprocessing's figures."""
        return json.dumps(self.preprocessing.fingerprint(), sort_keys=True)

    def prepare(self, sample: Image) -> Pixels:
        """An image of any size -> (H, W, 3), resized."""
        return resize(sample, self.preprocessing)

    def collate(self, prepared: Sequence[Pixels]) -> Tensor:
        """Resized images -> (B, 3, S, S)."""
        return finish(prepared, self.preprocessing)

    def length(self, prepared: Pixels) -> int:
        """All images become the same size."""
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TextInputs:
    """Texts -> tokens (B, T), padded at their end to the longest of the batch and cut at `max_tokens`."""

    tokenizer: Any
    max_tokens: int
    names: tuple[str, ...] = ("input_ids", "token_type_ids", "attention_mask")
    """Of the tensors that the network reads."""
    empty: str = ""
    """What stands for a text without tokens: a network that adds none of its own cannot read nothing."""
    window: int = 256

    @property
    def fingerprint(self) -> str:
        """The cut; the vocabulary belongs to the backbone's weights."""
        return json.dumps({"max_tokens": self.max_tokens})

    def prepare(self, sample: str) -> str:
        """Texts are short enough to be kept as they are."""
        return sample

    def collate(self, prepared: Sequence[str]) -> dict[str, Tensor]:
        """Texts -> `input_ids`, `attention_mask` and what else the model reads, each (B, T)."""
        tokens = self.tokenizer(
            self._filled(prepared), padding=True, truncation=True, max_length=self.max_tokens, return_tensors="pt"
        )
        return {name: tokens[name] for name in self.names}

    def lengths(self, prepared: Sequence[str]) -> list[int]:
        """Tokens of each text, as the model reads them."""
        tokens = self.tokenizer(self._filled(prepared), truncation=True, max_length=self.max_tokens)["input_ids"]
        return [len(ids) for ids in tokens]

    def cuts(self, samples: Sequence[str]) -> list[str]:
        """What of each text is not read, in words; empty where all of it is."""
        tokens = self.tokenizer(self._filled(samples), truncation=False, verbose=False)["input_ids"]
        return [
            f"only the first {self.max_tokens:,} of {len(ids):,} tokens were read" if len(ids) > self.max_tokens else ""
            for ids in tokens
        ]

    def length(self, prepared: str) -> int:
        """Characters stand in for tokens."""
        return len(prepared)

    def _filled(self, prepared: Sequence[str]) -> list[str]:
        return [text or self.empty for text in prepared]


def image_preprocessing(backbone: Backbone) -> ImagePreprocessing:
    """The evaluation preprocessing that the backbone's weights were made with."""
    return ImagePreprocessing(
        input_size=backbone.input_size,
        resize=backbone.resize,
        squash=backbone.squash,
        interpolation=backbone.interpolation,
        mean=backbone.mean,
        std=backbone.std,
    )


def reader(backbone: Backbone, home: Path | None = None) -> Reader:
    """What turns samples into the backbone's inputs.

    Args:
        home: Where an uploaded tokenizer is kept; the studio's own without.

    Raises:
        WeightsError: the tokenizer of a text backbone is not on this machine.
    """
    if backbone.modality == "image":
        return ImageInputs(preprocessing=image_preprocessing(backbone))
    from transformers import AutoTokenizer

    folder = tokenizer_folder(backbone, home)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, padding_side="right")
    if tokenizer.pad_token is None:  # GPT-2 has none, and what is masked can be any token
        tokenizer.pad_token = tokenizer.eos_token
    bare = tokenizer.num_special_tokens_to_add() == 0
    tokenizer.model_input_names = list(backbone.tokens)
    return TextInputs(
        tokenizer=tokenizer,
        max_tokens=backbone.max_tokens,
        names=backbone.tokens,
        empty=str(tokenizer.eos_token) if bare else "",
    )


def batch(inputs: Reader, samples: Sequence[Any]) -> Inputs:
    """Samples as people have them -> one batch."""
    return inputs.collate([inputs.prepare(sample) for sample in samples])
