"""The measures of one picture, from a single decoding at reduced size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tlcore.data.images import reduced_image
from tlcore.data.limits import Limits

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["THUMB", "blur_effect", "brightness", "measure_picture"]

SIDE = 192
"""Pixels on the longer side at which a picture is measured: about what networks read."""
LIGHT_STEP = 2
"""Pixels averaged on each side for the percentiles of the brightness, which they change by next to nothing."""
THUMB = 16
"""Pixels on a side of the thumbnail that likenesses are proved with."""
MIN_SHARP = 64
"""Pixels on the shorter side that sharpness needs; smaller pictures are not judged."""
BLUR_WINDOW = 11
"""Pixels of the blur that a picture is compared with, as in scikit-image."""
LUMINANCE = (0.241, 0.691, 0.068)
"""Weights of squared R, G and B in perceived brightness, http://alienryderflex.com/hsp.html; CleanVision's too."""
Values = NDArray[np.float32]


def measure_picture(path: Path, limits: Limits) -> dict[str, Any]:
    """Size, brightness, contrast, blur and likeness of a stored image; the keys are columns of the evidence.

    Raises:
        DataError: the file is damaged.
    """
    import imagehash
    from PIL.Image import Resampling
    from PIL.ImageStat import Stat

    image, (width, height) = reduced_image(path, limits, SIDE)
    image.thumbnail((SIDE, SIDE), Resampling.BILINEAR, reducing_gap=2.0)
    pixels = np.asarray(image.reduce(LIGHT_STEP), dtype=np.float32)
    low, pale, middle, high = np.percentile(brightness(pixels), (1, 5, 50, 99))
    grey = image.convert("L")
    return {
        "width": width,
        "height": height,
        "low": float(low),
        "pale": float(pale),
        "middle": float(middle),
        "high": float(high),
        "contrast": max(Stat(image).stddev) / 255,
        "blur": blur_effect(np.asarray(grey, dtype=np.float32)) if min(image.size) >= MIN_SHARP else float("nan"),
        "hash": int(np.packbits(imagehash.phash(grey).hash.ravel()).view(np.uint64)[0]),
        "thumb": _thumb(image),
    }


def brightness(pixels: Values) -> Values:
    """RGB (H, W, 3) in [0, 255] -> perceived brightness (H, W) in [0, 1]."""
    weighted: Values = np.sqrt((pixels * pixels) @ np.asarray(LUMINANCE, dtype=np.float32)) / np.float32(255)
    return weighted


def blur_effect(grey: Values) -> float:
    """How blurred (H, W) is, from 0 (sharp) to 1: what is left of neighbours' differences once it is blurred again.

    F. Crete et al., "The blur effect: perception and estimation with a new no-reference perceptual blur metric", 2007,
    https://doi.org/10.1117/12.702790, as `skimage.measure.blur_effect` computes it.
    """
    from scipy.ndimage import uniform_filter1d

    shares = []
    for axis in (0, 1):
        sharp = np.abs(np.diff(grey, axis=axis))
        soft = np.abs(np.diff(uniform_filter1d(grey, BLUR_WINDOW, axis=axis), axis=axis))
        total = float(sharp.sum())
        shares.append((total - float(np.maximum(0, sharp - soft).sum())) / total if total else 1.0)
    return max(shares)


def _thumb(image: Image) -> bytes:
    """(THUMB, THUMB, 3) uint8, row by row."""
    from PIL.Image import Resampling

    return image.resize((THUMB, THUMB), Resampling.BOX).tobytes()
