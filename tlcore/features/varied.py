"""Training images as an augmentation shows them: one place, from which training reads and which a preview asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tlcore.data import Dataset
from tlcore.data.augmentation import Augmentation, augmenter
from tlcore.data.pixels import PixelStore
from tlcore.data.transforms import ImagePreprocessing, Pixels
from tlcore.features.feeds import Read, Rows
from tlcore.features.inputs import Reader
from tlcore.seeds import seed_of
from tlcore.shelf import shelf

__all__ = ["Shown", "Varied", "reading", "varied"]

Shown = Literal["epoch", "view"]
"""How training comes to see varied images: anew in each epoch, or as views that a frozen backbone embeds once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Varied:
    """The images of a dataset, varied; which way follows from the seed, the epoch or view, and the row alone."""

    read: Read
    """Rows -> resized images."""
    vary: Callable[[Pixels, int], Pixels]
    seed: int
    """Of the recipe."""

    def __call__(self, rows: Rows, shown: Shown, number: int) -> list[Pixels]:
        """Rows in the epoch or view of this number, from 1 -> (S, S, 3) each, as 8 bits before normalisation."""
        pixels = zip(self.read(rows), rows.tolist(), strict=True)
        return [self.vary(image, seed_of(self.seed, shown, number, row)) for image, row in pixels]


def varied(read: Read, augmentation: Augmentation, preprocessing: ImagePreprocessing, seed: int) -> Varied:
    """The images that `read` gives, varied by the augmentation."""
    return Varied(read=read, vary=augmenter(augmentation, preprocessing), seed=seed)


def reading(dataset: Dataset, inputs: Reader, home: Path) -> Read:
    """How rows become prepared samples: images through the store of decoded pixels, texts as they are."""

    def prepared(row: int) -> Any:
        return inputs.prepare(dataset.sample(row))

    if dataset.modality != "image":
        return lambda rows: [prepared(int(row)) for row in rows]
    key = {"content": dataset.content, "inputs": inputs.fingerprint}
    return PixelStore(shelf(home, "pixels")).table(key, dataset.n_samples, prepared).read
