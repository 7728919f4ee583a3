"""From a picture to the numbers a network was trained on. The figures come with the weights, as a value.

Two steps: `resize` makes the 8-bit pixels that are worth keeping, `finish` crops and normalises a batch of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

__all__ = ["ImagePreprocessing", "Pixels", "finish", "resize", "restore", "seen"]

Pixels = NDArray[np.uint8]
"""(H, W, 3) RGB."""
LONGEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePreprocessing:
    """How a network's evaluation images were made."""

    input_size: int
    """Pixels on a side after the crop."""
    resize: int
    """Pixels of the shorter side before the crop, at least `input_size`."""
    interpolation: str
    """`bicubic` or `bilinear`, antialiased."""
    mean: tuple[float, float, float]
    """Per RGB channel, for pixels in [0, 1]."""
    std: tuple[float, float, float]
    squash: bool = False
    """Press the whole image into a square of `resize`, instead of keeping its proportions."""

    def fingerprint(self) -> dict[str, Any]:
        """Plain values that change whenever the pixels would."""
        return asdict(self)


def resize(image: Image, preprocessing: ImagePreprocessing) -> Pixels:
    """Bring the shorter side to `resize`, keeping the proportions unless they are squashed: RGB image -> (H, W, 3).

    Of an image longer than `LONGEST` times its shorter side, the ends are left out: they would cost memory, and no
    crop of the network's reaches them.
    """
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms.v2 import functional

    short, side = min(image.size), preprocessing.resize
    if max(image.size) > LONGEST * short and not preprocessing.squash:
        image = functional.center_crop(image, [min(side, LONGEST * short) for side in reversed(image.size)])
    mode = InterpolationMode(preprocessing.interpolation)
    return np.asarray(functional.resize(image, [side, side] if preprocessing.squash else [side], mode, antialias=True))


def finish(images: Sequence[Pixels], preprocessing: ImagePreprocessing) -> Tensor:
    """Crop the centre and normalise a batch of images, each (H, W, 3) and at least `input_size` on a side.

    Returns:
        float32 (B, 3, S, S), channels last in memory.
    """
    import torch

    side = preprocessing.input_size
    batch = torch.from_numpy(np.stack([_centre(image, side) for image in images]))  # (B, S, S, 3)
    mean, std = torch.tensor(preprocessing.mean), torch.tensor(preprocessing.std)
    scaled = batch.permute(0, 3, 1, 2).float()  # (B, 3, S, S), channels last in memory
    return scaled.sub_(255 * mean.view(3, 1, 1)).div_(255 * std.view(3, 1, 1))


def restore(batch: Tensor, preprocessing: ImagePreprocessing) -> Tensor:
    """The inverse of the normalisation: float (B, 3, S, S) -> uint8 (B, S, S, 3), rounded to the nearest value."""
    import torch

    mean, std = torch.tensor(preprocessing.mean), torch.tensor(preprocessing.std)
    scaled = batch.float() * (255 * std.view(3, 1, 1)) + 255 * mean.view(3, 1, 1)
    return scaled.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def seen(width: int, height: int, preprocessing: ImagePreprocessing) -> tuple[float, float, float, float]:
    """What `resize` and the centre crop leave of an image: left, top, right and bottom, in its own pixels."""
    side, kept = preprocessing.resize, preprocessing.input_size / 2
    scales = (side / width, side / height) if preprocessing.squash else (side / min(width, height),) * 2
    across, down = min(kept / scales[0], width / 2), min(kept / scales[1], height / 2)
    return width / 2 - across, height / 2 - down, width / 2 + across, height / 2 + down


def _centre(image: Pixels, side: int) -> Pixels:
    """The same pixels as torchvision's `CenterCrop`, which rounds half to even."""
    top, left = round((image.shape[0] - side) / 2), round((image.shape[1] - side) / 2)
    return image[top : top + side, left : left + side]
