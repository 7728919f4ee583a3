"""A map of scores as colours over a picture: red above zero, blue below, alike in light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

__all__ = ["legend", "overlay", "shares"]

RED, BLUE = (214, 39, 40), (31, 93, 190)
DEEPEST = 99.5
"""Percentile of the sizes that gets the full colour, so that one pixel does not pale all others."""


def shares(heat: NDArray[np.float32], *, signed: bool) -> NDArray[np.float32]:
    """A map in [-1, 1] around zero, or in [0, 1] from its least value where no part speaks against."""
    values = heat if signed else heat - heat.min()
    most = float(np.percentile(np.abs(values), DEEPEST)) or float(np.abs(values).max()) or 1.0
    scaled: NDArray[np.float32] = np.clip(values / most, -1, 1).astype(np.float32)
    return scaled


def overlay(picture: Image, heat: NDArray[np.float32], opacity: float, *, signed: bool) -> Image:
    """The picture (H, W) with the map over it, whose deepest colour covers it by `opacity` in [0, 1]."""
    from PIL import Image as images

    return images.fromarray(_mixed(np.asarray(picture), shares(heat, signed=signed), opacity))


def legend(*, signed: bool) -> Image:
    """The scale from the lowest score to the highest, over white."""
    from PIL import Image as images

    scale = np.tile(np.linspace(-1.0 if signed else 0.0, 1.0, 256, dtype=np.float32), (8, 1))
    return images.fromarray(_mixed(np.full((*scale.shape, 3), 255, np.uint8), scale, 1.0))


def _mixed(pixels: NDArray[np.uint8], scaled: NDArray[np.float32], opacity: float) -> NDArray[np.uint8]:
    colours = np.where(scaled[..., None] >= 0, RED, BLUE)
    cover = (np.abs(scaled) * opacity)[..., None]
    mixed: NDArray[np.uint8] = np.rint(pixels * (1 - cover) + colours * cover).astype(np.uint8)
    return mixed
