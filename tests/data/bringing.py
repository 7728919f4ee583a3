"""What users bring, made in a moment: pictures as bytes, zips, folders and tables."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

Files = Mapping[str, bytes]


def png(seed: int = 0, size: int = 6) -> bytes:
    """A small picture, another one for each seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)
    return encoded(Image.fromarray(pixels))


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """The bytes of an image file."""
    file = BytesIO()
    image.save(file, kind, **options)  # type: ignore[arg-type]
    return file.getvalue()


def pictures(
    n: int = 4, classes: tuple[str, ...] = ("cats", "dogs"), around: str = "", seed: int = 0
) -> dict[str, bytes]:
    """`n` pictures in each class folder; none is there twice."""
    return {
        f"{around}{name}/{place}.png": png(seed + place * 100 + number)
        for number, name in enumerate(classes)
        for place in range(n)
    }


def zipped(path: Path, files: Files | list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> Path:
    """A zip with exactly these names, in this order."""
    pairs = files if isinstance(files, list) else list(files.items())
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in pairs:
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return path


def link(name: str) -> zipfile.ZipInfo:
    """A zip entry that is a symbolic link."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def unpacked(folder: Path, files: Files) -> Path:
    """The same as files of a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def table(path: Path, text: str | bytes) -> Path:
    """A csv file with this content."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def reviews(n: int = 6, separator: str = ",", header: str = "text,label") -> str:
    """A table of `n` good and `n` bad reviews."""
    rows = [header.replace(",", separator)] if header else []
    for number in range(n):
        rows += [f"I liked visit number {number}{separator}good", f"Visit number {number} was awful{separator}bad"]
    return "\n".join(rows) + "\n"
