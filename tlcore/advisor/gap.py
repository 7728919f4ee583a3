"""How far samples are from what a backbone was pretrained on, measured on the samples themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from tlcore.training.groups import batch_norms

__all__ = ["IMAGE_GAP", "TEXT_GAP", "Fragments", "fragments", "shift"]

IMAGE_GAP = 0.7
"""`shift` up to which images count as similar.

Measured on EfficientNet-Lite0, which saw ImageNet, with 64 images each: random crops of two photographs of 640 x 427
pixels 0.30 (8 of them 0.36, 128 of them 0.30), of one of them 0.33 and 0.49, in grey 0.39, made 32 pixels small 0.62;
on the other side photographs made 16 pixels small 0.79, screenshots 0.88, stripes as in spectrograms 0.97, handwritten
digits of 16 pixels 1.06 (8 of them 1.10), noise 1.27, blank paper 2.08. The figures are in units of the pretraining's
own spread, so that other networks should be alike, but those were not measured.
"""
TEXT_GAP = 2.0
"""Tokens a word up to which texts count as similar.

Measured with MiniLM's English vocabulary: customer messages 1.25, a licence 1.30, a readme with commands 1.76; on the
other side German, Spanish and French 2.2 to 2.3, medical notes 2.3, C 2.4, Python 2.7, Hindi 3.2, log lines 4.1,
Russian, Arabic and Greek 4.3 to 4.9, Korean 6.9, chemical names 12, Chinese 16, SMILES strings 23, Thai 33.
"""
Moments = dict[nn.Module, tuple[Tensor, Tensor, int]]
"""By BatchNorm layer: sum and sum of squares of each channel (C,), and how many values went into each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragments:
    """How a vocabulary takes texts apart."""

    per_word: float
    """Tokens for each word between spaces; an unknown token counts as many as the letters it stands for."""
    unknown: float
    """Share of tokens that stand for something the vocabulary lacks, in [0, 1]."""


def shift(module: nn.Module, batches: Iterable[Any]) -> float | None:
    """How far the inputs of the BatchNorm layers are from the running statistics of the pretraining.

    Of each channel, the shift of the mean in standard deviations of the pretraining, plus the absolute logarithm of
    the ratio of standard deviations; the mean over channels, and the median over layers. 0 is the pretraining itself.

    Returns:
        None for a network without BatchNorm layers that keep statistics, or without a batch.
    """
    layers = [layer for layer in batch_norms(module) if layer.running_mean is not None]
    sums: Moments = {}
    hooks = [layer.register_forward_pre_hook(lambda layer, args: _add(sums, layer, args[0])) for layer in layers]
    module.eval()
    try:
        with torch.inference_mode():
            for x in batches:
                module(x)
    finally:
        for hook in hooks:
            hook.remove()
    return float(torch.stack([_distance(layer, *sums[layer]) for layer in sums]).median()) if sums else None


def fragments(tokenizer: Callable[..., Any], texts: Sequence[str]) -> Fragments:
    """Count tokens and unknown ones in texts that are not all blank."""
    fast = bool(getattr(tokenizer, "is_fast", False))
    found = tokenizer(list(texts), add_special_tokens=False, return_offsets_mapping=fast)
    ids = [token for text in found["input_ids"] for token in text]
    spans = [span for text in found["offset_mapping"] for span in text] if fast else [(0, 1)] * len(ids)
    unknown = [end - start for token, (start, end) in zip(ids, spans, strict=True) if token == _unknown(tokenizer)]
    words = sum(len(text.split()) for text in texts)
    return Fragments(
        per_word=(len(ids) - len(unknown) + sum(unknown)) / max(1, words), unknown=len(unknown) / max(1, len(ids))
    )


def _add(sums: Moments, layer: nn.Module, x: Tensor) -> None:
    others = [i for i in range(x.ndim) if i != 1]
    wide = x.double() if x.device.type != "mps" else x.float()
    total, squares, n = sums.get(layer, (0, 0, 0))
    sums[layer] = (total + wide.sum(others), squares + wide.square().sum(others), n + x.numel() // x.shape[1])


def _distance(layer: nn.Module, total: Tensor, squares: Tensor, n: int) -> Tensor:
    """Of one layer, the mean over its channels."""
    trained = cast(nn.BatchNorm2d, layer)
    assert trained.running_mean is not None and trained.running_var is not None
    mean = total / n  # (C,)
    variance = (squares / n - mean.square()).clamp(min=0) + trained.eps
    spread = trained.running_var + trained.eps
    return ((mean - trained.running_mean).abs() / spread.sqrt() + (variance / spread).log().abs() / 2).mean()


def _unknown(tokenizer: Callable[..., Any]) -> int | None:
    """The id of the token for what is unknown; vocabularies of bytes have none."""
    return cast("int | None", getattr(tokenizer, "unk_token_id", None))
