"""Any image file -> the RGB picture a person would see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from tlcore.data.limits import Limits
from tlcore.data.names import readable
from tlcore.data.problems import Rejected
from tlcore.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

__all__ = ["SUFFIXES", "check_image", "decode_image", "reduced_image"]

SUFFIXES = {
    "JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "GIF": ".gif", "BMP": ".bmp", "DIB": ".bmp", "TIFF": ".tif",
    "WEBP": ".webp", "PPM": ".ppm", "JPEG2000": ".jp2", "AVIF": ".avif", "HEIF": ".heic",
}  # fmt: skip
"""Pillow's name of each format that is read, and the suffix its files are stored under."""
LARGE_PIXELS = 16_000_000
ORIENTATION = 0x0112
TURNS: dict[object, str] = {
    2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE",
    6: "ROTATE_270", 7: "TRANSVERSE", 8: "ROTATE_90",
}  # fmt: skip
"""What undoes each EXIF orientation."""
SENSOR_BITS = (8, 10, 12, 14, 16)
NOT_AN_IMAGE = ("not an image that can be read", "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC, AVIF and JPEG 2000 are.")
DAMAGED = ("damaged or cut off", "Export or copy the image again.")

Wait = Callable[[], AbstractContextManager[object]]


def decode_image(source: Path | BinaryIO, limits: Limits = Limits()) -> Image:
    """Decode the first frame as RGB: EXIF orientation applied, transparency over white, 16 bits scaled to 8.

    Values of more than 8 bits are scaled by the smallest of 8, 10, 12, 14 or 16 bits that holds them all, since
    cameras and scanners store 12 bits in files of 16; floating-point images in [0, 1] are scaled to [0, 255],
    others from their least to their greatest value.

    Raises:
        DataError: not an image, damaged, or larger than the limits.
    """
    try:
        return _decode(source, limits, nullcontext)[0]
    except Rejected as rejected:
        name = source.name if isinstance(source, Path) else str(getattr(source, "name", "") or "The image")
        raise DataError(f"{readable(name)}: {rejected.reason}. {rejected.advice}") from rejected


def reduced_image(path: Path, limits: Limits, side: int) -> tuple[Image, tuple[int, int]]:
    """As `decode_image`, but JPEG files are decoded at a half, quarter or eighth where that leaves `side` pixels.

    Returns the picture, at least `side` pixels wide and high where it was, and (width, height) in full as stored.

    Raises:
        DataError: as `decode_image`.
    """
    try:
        image, _, size = _decode(path, limits, nullcontext, side)
    except Rejected as rejected:
        raise DataError(f"{readable(path.name)}: {rejected.reason}. {rejected.advice}") from rejected
    return image, size


def check_image(data: bytes, limits: Limits, wait: Wait) -> str:
    """Decode once for the proof of it; `wait` is entered for large images. Returns the suffix to store it under.

    Raises:
        Rejected: as `decode_image`.
    """
    return SUFFIXES[_decode(BytesIO(data), limits, wait)[1]]


def _decode(source: Path | BinaryIO, limits: Limits, wait: Wait, side: int = 0) -> tuple[Image, str, tuple[int, int]]:
    """The picture, its format, and its stored size; reduced while it is decoded if `side` is given."""
    from PIL import Image as images

    with _rejecting():
        image = images.open(source, formats=_formats())
    with image:
        n_pixels = image.width * image.height
        if n_pixels > limits.max_pixels:
            raise _too_large(limits)
        with _rejecting(), wait() if n_pixels > LARGE_PIXELS else nullcontext():
            size = image.size
            if side:
                image.draft(None, (side, side))
            image.load()
            return _upright(image), str(image.format), size


def _too_large(limits: Limits) -> Rejected:
    return Rejected(f"more than {limits.max_pixels:,} pixels", "Scale the image down.")


@contextmanager
def _rejecting() -> Iterator[None]:
    from PIL import Image as images
    from PIL import UnidentifiedImageError

    try:
        yield
    except (images.DecompressionBombError, images.DecompressionBombWarning) as error:
        raise _too_large(Limits()) from error
    except UnidentifiedImageError as error:
        raise Rejected(*NOT_AN_IMAGE) from error
    except Rejected:
        raise
    except Exception as error:  # a decoder may raise anything on bytes made to confuse it
        raise Rejected(*DAMAGED) from error


@cache
def _formats() -> tuple[str, ...]:
    from PIL import Image as images

    images.init()
    with suppress(ImportError):  # its wheels bundle libheif, and not every platform has one
        import pillow_heif

        pillow_heif.register_heif_opener()
    return tuple(name for name in SUFFIXES if name in images.OPEN)


def _upright(image: Image) -> Image:
    from PIL.Image import Transpose

    turn = TURNS.get(_orientation(image))
    rgb = _rgb(image)
    return rgb.transpose(Transpose[turn]) if turn else rgb


def _orientation(image: Image) -> object:
    try:
        return image.getexif().get(ORIENTATION)
    except Exception:  # broken metadata is no reason to lose the picture
        return None


def _rgb(image: Image) -> Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image.copy()
    if image.mode[0] in "IF":
        return _from_deep(image)
    return _over_white(image) if image.has_transparency_data else image.convert("RGB")


def _over_white(image: Image) -> Image:
    from PIL import Image as images

    white = images.new("RGBA", image.size, "white")
    return images.alpha_composite(white, image.convert("RGBA")).convert("RGB")


def _from_deep(image: Image) -> Image:
    import numpy as np
    from PIL import Image as images

    precision = np.float32 if image.mode.startswith("I;16") else np.float64
    values = np.nan_to_num(np.asarray(image).astype(precision), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = _range(values, floating=image.mode == "F")
    scaled = np.rint((values - low) * (255.0 / (high - low)))
    return images.fromarray(np.clip(scaled, 0, 255).astype(np.uint8)).convert("RGB")


def _range(values: NDArray[Any], floating: bool) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    if floating and low >= 0 and high <= 1:
        return 0.0, 1.0
    for bits in SENSOR_BITS:
        if not floating and low >= 0 and high < 2**bits:
            return 0.0, 2.0**bits - 1
    return (low, high) if high > low else (low, low + 1)
