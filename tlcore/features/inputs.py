"""From samples as people have them to what a backbone reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

from tlcore.data.transforms import ImagePreprocessing, evaluation_transform
from tlcore.zoo import Backbone, weights_folder

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from tlcore.zoo.model import Inputs

__all__ = ["ImageInputs", "Reader", "TextInputs", "image_preprocessing", "reader"]


class Reader(Protocol):
    """Turns samples into one batch of model inputs; the same for images and texts."""

    fingerprint: str
    """Changes whenever the inputs made of a sample would."""
    window: int
    """How many samples may be gathered at a time, so that alike ones share a batch; 1 where it makes no difference."""

    def __call__(self, samples: Sequence[Any]) -> Inputs:
        """The samples as one batch."""
        ...

    def length(self, sample: Any) -> int:
        """What samples are sorted by so that little padding is computed."""
        ...


@dataclass(frozen=True, kw_only=True)
class ImageInputs:
    """RGB images -> float32 (B, 3, S, S), prepared on a few threads."""

    preprocessing: ImagePreprocessing
    threads: int
    window: int = 1
    _transform: Callable[[Image], Tensor] = field(init=False, repr=False)
    _pool: ThreadPoolExecutor = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_transform", evaluation_transform(self.preprocessing))
        object.__setattr__(self, "_pool", ThreadPoolExecutor(self.threads, thread_name_prefix="transform"))

    @property
    def fingerprint(self) -> str:
        """The preprocessing's figures."""
        return json.dumps(self.preprocessing.fingerprint(), sort_keys=True)

    def __call__(self, samples: Sequence[Image]) -> Tensor:
        """Images of any size -> (B, 3, S, S)."""
        import torch

        return torch.stack(list(self._pool.map(self._transform, samples)))

    def length(self, sample: Image) -> int:
        """All images become the same size."""
        return 0


@dataclass(frozen=True, kw_only=True)
class TextInputs:
    """Texts -> tokens (B, T), padded to the longest of the batch and cut at `max_tokens`."""

    tokenizer: Callable[..., Any]
    max_tokens: int
    window: int = 256

    @property
    def fingerprint(self) -> str:
        """The cut; the vocabulary belongs to the backbone's weights."""
        return json.dumps({"max_tokens": self.max_tokens})

    def __call__(self, samples: Sequence[str]) -> dict[str, Tensor]:
        """Texts -> `input_ids`, `attention_mask` and what else the model reads, each (B, T)."""
        tokens = self.tokenizer(
            list(samples), padding=True, truncation=True, max_length=self.max_tokens, return_tensors="pt"
        )
        return dict(tokens)

    def length(self, sample: str) -> int:
        """Characters stand in for tokens."""
        return len(sample)


def image_preprocessing(backbone: Backbone) -> ImagePreprocessing:
    """The evaluation preprocessing that the backbone's weights were made with."""
    return ImagePreprocessing(
        input_size=backbone.input_size,
        crop=backbone.crop,
        interpolation=backbone.interpolation,
        mean=backbone.mean,
        std=backbone.std,
    )


def reader(backbone: Backbone, *, threads: int) -> Reader:
    """What turns samples into the backbone's inputs."""
    if backbone.modality == "image":
        return ImageInputs(preprocessing=image_preprocessing(backbone), threads=threads)
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(weights_folder(backbone), local_files_only=True)
    return cast(Reader, TextInputs(tokenizer=tokenizer, max_tokens=backbone.max_tokens))
