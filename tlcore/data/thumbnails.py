"""Small copies of stored images, made when somebody first looks and kept on a shelf."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from tlcore.data.dataset import Dataset
from tlcore.errors import DataError
from tlcore.shelf import shelf

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["PIXELS", "picture", "thumbnails"]

PIXELS = 160
"""Of either side."""
MAX_THREADS = 4
QUALITY = 82


def thumbnails(dataset: Dataset, rows: Sequence[int]) -> list[bytes]:
    """A square WebP for each row; nothing for one whose file is gone or damaged. Copies on disk are shared by all."""
    key = {"content": dataset.content, "pixels": str(PIXELS)}
    folder, holding = shelf(dataset.home, "thumbnails").place(key, lambda folder: None)
    try:
        with ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="thumbnails") as pool:
            return list(pool.map(lambda row: _kept(dataset, row, folder / f"{row}.webp"), rows))
    finally:
        os.close(holding)


def picture(image: Image, pixels: int) -> bytes:
    """The whole image as WebP, its longer side no more than so many pixels; tiny ones are enlarged in whole pixels."""
    from PIL import Image as images

    longest = max(image.size)
    if longest * 2 <= pixels:
        factor = pixels // longest
        image = image.resize((image.width * factor, image.height * factor), images.Resampling.NEAREST)
        return _webp(image, lossless=True)
    image = image.copy()
    image.thumbnail((pixels, pixels), images.Resampling.LANCZOS)
    return _webp(image, lossless=False)


def _kept(dataset: Dataset, row: int, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    try:
        made = _square(dataset.sample(row))
    except DataError:
        return b""
    draft = path.with_name(f".{os.getpid()}-{os.urandom(4).hex()}")
    draft.write_bytes(made)
    draft.replace(path)
    return made


def _square(image: Image | str) -> bytes:
    """The middle; tiny images are enlarged in whole pixels, so one sees what the file holds."""
    from PIL import Image as images
    from PIL import ImageOps

    assert not isinstance(image, str)
    tiny = max(image.size) <= PIXELS // 2
    method = images.Resampling.NEAREST if tiny else images.Resampling.LANCZOS
    return _webp(ImageOps.fit(image, (PIXELS, PIXELS), method=method), lossless=tiny)


def _webp(image: Image, *, lossless: bool) -> bytes:
    out = BytesIO()
    image.save(out, "WEBP", quality=QUALITY, method=1, lossless=lossless)
    return out.getvalue()
