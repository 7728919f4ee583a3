"""From a picture to the numbers a network was trained on. The figures come with the weights, as a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

__all__ = ["ImagePreprocessing", "evaluation_transform"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePreprocessing:
    """How a network's evaluation images were made."""

    input_size: int
    """Pixels on a side after the crop."""
    crop: float
    """Share of the shorter side that the centre crop keeps, in (0, 1]."""
    interpolation: str
    """`bicubic` or `bilinear`, antialiased."""
    mean: tuple[float, float, float]
    """Per RGB channel, for pixels in [0, 1]."""
    std: tuple[float, float, float]

    @property
    def resized(self) -> int:
        """Pixels of the shorter side before the crop."""
        return int(self.input_size / self.crop)

    def fingerprint(self) -> dict[str, Any]:
        """Plain values that change whenever the pixels would."""
        return asdict(self)


def evaluation_transform(preprocessing: ImagePreprocessing) -> Callable[[Image], Tensor]:
    """Resize the shorter side, crop the centre, normalise: an RGB image -> float32 (3, S, S)."""
    import torch
    from torchvision.transforms import InterpolationMode, v2

    return v2.Compose(
        [
            v2.Resize(preprocessing.resized, InterpolationMode(preprocessing.interpolation), antialias=True),
            v2.CenterCrop(preprocessing.input_size),
            v2.PILToTensor(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(preprocessing.mean, preprocessing.std),
        ]
    )
