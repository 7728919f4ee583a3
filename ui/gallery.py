"""Examples of each class, a few classes a page."""

from __future__ import annotations

import streamlit as st

from tlcore.data import Dataset, load_dataset
from ui.guard import guard
from ui.layout import card
from ui.words import visible

__all__ = ["gallery"]

CLASSES_A_PAGE = 5
IMAGES, TEXTS = 8, 3
"""Examples of one class."""
PIXELS = 88
CHARACTERS = 240


def gallery(dataset: Dataset) -> None:
    """A row of examples for each class; turning the page redraws nothing else."""
    with card("Examples", key="gallery-card"):
        st.caption("From the train split: what the model will learn from.")
        _pages(str(dataset.home), dataset.id)


@st.fragment
def _pages(folder: str, name: str) -> None:
    from pathlib import Path

    with guard():
        dataset = load_dataset(Path(folder), name)
        n = -(-len(dataset.classes) // CLASSES_A_PAGE)
        page = st.pagination(n, key=f"gallery-{name}") if n > 1 else 1
        first = (page - 1) * CLASSES_A_PAGE
        for place in range(first, min(first + CLASSES_A_PAGE, len(dataset.classes))):
            _row(dataset, place)


def _row(dataset: Dataset, place: int) -> None:
    title = visible(dataset.classes[place])
    st.text(title)
    if dataset.modality == "image":
        thumbnails, origins = _thumbnails(str(dataset.home), dataset.id, place, dataset)
        alt = [f"An example of {title}: {visible(origin)}" for origin in origins]
        st.image(thumbnails, width=PIXELS, alt=alt)
        return
    for i, text in enumerate(_texts(str(dataset.home), dataset.id, place, dataset)):
        with st.container(border=True, key=f"text-{dataset.id}-{place}-{i}"):
            st.text(text)


@st.cache_data(show_spinner=False, max_entries=256)
def _thumbnails(folder: str, name: str, place: int, _dataset: Dataset) -> tuple[list[bytes], list[str]]:
    """PNGs of equal size, and where each came from."""
    rows, origins = _examples(_dataset, place, IMAGES)
    return [_png(_dataset.sample(row)) for row in rows], origins


@st.cache_data(show_spinner=False, max_entries=256)
def _texts(folder: str, name: str, place: int, _dataset: Dataset) -> list[str]:
    rows, _ = _examples(_dataset, place, TEXTS)
    texts = [" ".join(str(_dataset.sample(row)).split()) for row in rows]
    return [text if len(text) <= CHARACTERS else text[: CHARACTERS - 1] + "…" for text in texts]


def _examples(dataset: Dataset, place: int, n: int) -> tuple[list[int], list[str]]:
    manifest = dataset.manifest()
    rows = manifest.index[(manifest["label"] == place) & (manifest["split"] == "train")][:n]
    return [int(row) for row in rows], manifest.loc[rows, "origin"].astype(str).tolist()


def _png(image: object) -> bytes:
    """A square thumbnail; tiny images are enlarged in whole pixels, so one sees what the file holds."""
    from io import BytesIO

    from PIL import Image, ImageOps

    assert isinstance(image, Image.Image)
    tiny = max(image.size) <= PIXELS
    method = Image.Resampling.NEAREST if tiny else Image.Resampling.LANCZOS
    square = ImageOps.fit(image, (2 * PIXELS, 2 * PIXELS), method=method)
    out = BytesIO()
    square.save(out, "PNG")
    return out.getvalue()
