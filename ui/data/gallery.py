"""Examples of each class, a few classes a page."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import streamlit as st

from tlcore.data import Dataset
from ui import state
from ui.guard import guard
from ui.layout import card
from ui.words import plain, visible

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["gallery"]

CLASSES_A_PAGE = 5
IMAGES, TEXTS = 10, 3
"""Examples of one class."""
PIXELS = 96
CHARACTERS = 240


def gallery(dataset: Dataset) -> None:
    """A row of examples for each class; turning the page redraws nothing else."""
    with card("Examples", key="gallery-card"):
        st.caption("From the train split: what the model will learn from.")
        _pages(dataset.id)


@st.fragment
def _pages(dataset_id: str) -> None:
    with guard():
        dataset = state.dataset(dataset_id)
        n = -(-len(dataset.classes) // CLASSES_A_PAGE)
        page = st.pagination(n, key=f"gallery-{dataset_id}") if n > 1 else 1
        first = (page - 1) * CLASSES_A_PAGE
        for place in range(first, min(first + CLASSES_A_PAGE, len(dataset.classes))):
            _row(dataset, place)


def _row(dataset: Dataset, place: int) -> None:
    name = dataset.classes[place]
    folder, key = str(dataset.home), f"{dataset.id}-{place}"
    version = f"{dataset.id} {dataset.created}"  # added again, its samples may have other origins
    if dataset.modality == "text":
        with st.container(border=True, gap="xsmall", key=f"texts-{key}"):
            st.markdown(f"**{plain(name)}**")
            for text in _texts(folder, version, place, dataset):
                st.text(text)
        return
    st.markdown(f"**{plain(name)}**")
    with st.container(horizontal=True, wrap=False, gap="xsmall", key=f"images-{key}"):
        for thumbnail, origin in zip(*_thumbnails(folder, version, place, dataset), strict=True):
            st.image(thumbnail, width=PIXELS, alt=f"An example of {visible(name)}: {visible(origin)}")


@st.cache_data(show_spinner=False, max_entries=256)
def _thumbnails(folder: str, version: str, place: int, _dataset: Dataset) -> tuple[list[bytes], list[str]]:
    """Image files of equal size, and where each came from."""
    rows, origins = _examples(_dataset, place, IMAGES)
    return [_square(_dataset.sample(row)) for row in rows], origins


@st.cache_data(show_spinner=False, max_entries=256)
def _texts(folder: str, version: str, place: int, _dataset: Dataset) -> list[str]:
    rows, _ = _examples(_dataset, place, TEXTS)
    texts = [" ".join(str(_dataset.sample(row)).split()) for row in rows]
    return [text if len(text) <= CHARACTERS else text[: CHARACTERS - 1] + "…" for text in texts]


def _examples(dataset: Dataset, place: int, n: int) -> tuple[list[int], list[str]]:
    train = dataset.rows("train")
    rows = train[dataset.labels()[train] == place][:n].tolist()
    return rows, dataset.manifest()["origin"].iloc[rows].astype(str).tolist()


def _square(image: Image) -> bytes:
    """A square thumbnail; tiny images are enlarged in whole pixels, so one sees what the file holds."""
    from PIL import Image, ImageOps

    tiny = max(image.size) <= PIXELS
    method = Image.Resampling.NEAREST if tiny else Image.Resampling.LANCZOS
    out = BytesIO()
    ImageOps.fit(image, (2 * PIXELS, 2 * PIXELS), method=method).save(out, "PNG" if tiny else "JPEG", quality=88)
    return out.getvalue()
