"""Small pictures of single samples, whole, so that their shape is seen."""

from __future__ import annotations

from io import BytesIO

import streamlit as st

from tlcore.data import Dataset, Limits
from tlcore.data.dataset import content_folder
from tlcore.data.images import reduced_image
from tlcore.errors import DataError

__all__ = ["PIXELS", "excerpt", "thumbnail"]

PIXELS = 96
"""On the longer side."""
CHARACTERS = 260


def thumbnail(dataset: Dataset, row: int) -> bytes | None:
    """An image file of a row; None where the stored one is gone or damaged."""
    sample = str(dataset.manifest()["sample"].iloc[row])
    return _thumbnail(str(dataset.home), dataset.content, sample, dataset)


def excerpt(text: str) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= CHARACTERS else line[: CHARACTERS - 1] + "…"


@st.cache_data(show_spinner=False, max_entries=2_000)
def _thumbnail(folder: str, content: str, sample: str, _dataset: Dataset) -> bytes | None:
    from PIL.Image import Resampling

    path = content_folder(_dataset.home, content) / "files" / sample
    try:
        image, _ = reduced_image(path, Limits(max_pixels=10**12), 2 * PIXELS)
    except (DataError, OSError):
        return None
    times = 2 * PIXELS / max(image.size)
    size = tuple(max(1, round(side * times)) for side in image.size)
    shown = image.resize(size, Resampling.NEAREST if times > 2 else Resampling.LANCZOS)
    out = BytesIO()
    shown.save(out, "PNG" if times > 2 else "JPEG", quality=88)
    return out.getvalue()
