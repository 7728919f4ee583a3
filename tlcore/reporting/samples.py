"""A few samples with what the runs said of them, small enough to travel in the file."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from tlcore.data import Dataset
from tlcore.errors import DataError
from tlcore.runs.comparison import Comparison
from tlcore.runs.disagreement import mistakes, telling

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Answer", "Sample", "samples"]

MOST = 24
PIXELS, QUALITY = 144, 80
"""Longer side and JPEG quality: about 5 kB each."""
CHARACTERS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Of one run on one sample."""

    run: str
    says: str
    """The class."""
    confidence: float
    """In [0, 1]."""
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One test sample."""

    truth: str
    origin: str
    text: str
    """Empty for an image."""
    picture: str
    """A data URI; empty for a text, or where the file is gone."""
    answers: tuple[Answer, ...]


def samples(found: Comparison, dataset: Dataset) -> tuple[tuple[Sample, ...], int]:
    """The first of those on which the runs differ, or that the only run has wrong, and how many there are."""
    places = mistakes(found, found.runs[0]) if len(found.runs) == 1 else telling(found)
    origins = dataset.manifest()["origin"]
    shown = [_sample(found, dataset, int(place), str(origins.iloc[found.rows[place]])) for place in places[:MOST]]
    return tuple(shown), len(places)


def _sample(found: Comparison, dataset: Dataset, place: int, origin: str) -> Sample:
    label = int(found.labels[place])
    text, picture = _content(dataset, int(found.rows[place]))
    answers = tuple(
        Answer(
            run=run,
            says=dataset.classes[int(found.answers[i, place])],
            confidence=float(found.confidence[i, place]),
            right=int(found.answers[i, place]) == label,
        )
        for i, run in enumerate(found.runs)
    )
    return Sample(truth=dataset.classes[label], origin=origin, text=text, picture=picture, answers=answers)


def _content(dataset: Dataset, row: int) -> tuple[str, str]:
    """Text and picture, one of them empty."""
    try:
        sample = dataset.sample(row)
    except DataError:
        return "", ""
    if isinstance(sample, str):
        line = " ".join(sample.split())
        return (line if len(line) <= CHARACTERS else f"{line[: CHARACTERS - 1]}…"), ""
    return "", f"data:image/jpeg;base64,{b64encode(_jpeg(sample)).decode()}"


def _jpeg(image: Image) -> bytes:
    """Tiny images are enlarged in whole pixels, so one sees what the file holds."""
    from PIL.Image import Resampling

    factor, out = PIXELS // max(image.size), BytesIO()
    if factor > 1:
        image = image.resize((image.width * factor, image.height * factor), Resampling.NEAREST)
    else:
        image = image.copy()
        image.thumbnail((PIXELS, PIXELS), Resampling.LANCZOS)
    image.convert("RGB").save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
