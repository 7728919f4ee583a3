"""How the values of an image are spread, before and after normalisation."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tlcore.data.transforms import ImagePreprocessing, restore

__all__ = ["BINS", "spread"]

BINS = 64


def spread(image: Tensor, preprocessing: ImagePreprocessing) -> dict[str, Any]:
    """Of a normalised image (3, S, S): shares of pixels in `BINS` bins for each channel, as plain values.

    Returns:
        `before` for the 8-bit values in [0, 256) and `after` for those the network reads, each with `low`, `high`,
        `shares` (3, BINS), `mean` (3,) and `std` (3,).
    """
    levels = restore(image[None], preprocessing)[0].permute(2, 0, 1).float()
    mean, std = torch.tensor(preprocessing.mean), torch.tensor(preprocessing.std)
    low, high = float((-mean / std).min()), float(((1 - mean) / std).max())
    return {"before": _of(levels, 0.0, 256.0), "after": _of(image, low, high)}


def _of(channels: Tensor, low: float, high: float) -> dict[str, Any]:
    flat = channels.reshape(3, -1)
    counts = torch.stack([torch.histc(channel, BINS, low, high) for channel in flat])
    shares = counts / flat.shape[1]
    mean, std = flat.mean(1), flat.std(1, correction=0)
    return {"low": low, "high": high, "shares": shares.tolist(), "mean": mean.tolist(), "std": std.tolist()}
