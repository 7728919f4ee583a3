"""What a model sees of one sample, for a page: pictures as files of the job, all else as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tlcore.data import Dataset, load_dataset
from tlcore.data.augmentation import Augmentation
from tlcore.data.transforms import ImagePreprocessing, restore
from tlcore.errors import DataError
from tlcore.features.histogram import spread
from tlcore.features.inputs import ImageInputs, TextInputs, reader
from tlcore.features.tokens import tokens as tokens_of
from tlcore.features.varied import Shown, Varied, reading, varied
from tlcore.runs import jobs
from tlcore.seeds import seed_of
from tlcore.training.criterion import mixer
from tlcore.zoo import backbone

__all__ = ["COLUMNS", "MIXES", "MOST_CHARACTERS", "MOST_CUT", "pictures", "tokens"]

COLUMNS = 4
"""Tiles in a row of `versions.png`."""
MIXES = 4
"""Pairs of images that are mixed."""
MOST_CUT = 400
"""Tokens told of beyond those that are read."""
MOST_CHARACTERS = 100_000
"""Of a text that is taken apart."""
Tell = Callable[[float, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which image, and how it is to be varied."""

    dataset: str
    row: int
    """Of the manifest."""
    backbone: str
    augmentation: Mapping[str, Any]
    """As `Augmentation.to_dict` gives it."""
    seed: int
    """Of the recipe."""
    shown: Shown
    n: int
    """Versions: those of the epochs or views 1 to n."""


def pictures(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """An image as evaluation and training show it to a backbone: `about` has the fields of `Asked`.

    The job's folder gets `seen.png` (the evaluation transform and the first version), `versions.png` (all of them, in
    rows of `COLUMNS`) and, where images are mixed, `mixed.png` (a row for each pair: both, and what comes of them); a
    tile is what the backbone reads, with the normalisation undone.

    Raises:
        DataError: there is no such row, or not of an image.
    """
    asked = Asked(**about)
    dataset, inputs = load_dataset(home, asked.dataset), reader(backbone(asked.backbone), home)
    _check(dataset, asked.row)
    if not isinstance(inputs, ImageInputs) or dataset.modality != "image":
        raise DataError(f"{asked.backbone} and dataset {asked.dataset} are not both for images; choose another model.")
    rows, augmentation = np.array([asked.row]), Augmentation(**asked.augmentation)
    read, how = reading(dataset, inputs, home), inputs.preprocessing
    changed, folder = varied(read, augmentation, how, asked.seed), jobs.place(home, "preview", about)
    plain = inputs.collate(read(rows))
    versions = inputs.collate([changed(rows, asked.shown, number)[0] for number in range(1, asked.n + 1)])
    _save(torch.cat([plain, versions[:1]]), how, folder / "seen.png", 2)
    _save(versions, how, folder / "versions.png", COLUMNS)
    pairs = _mix(dataset, inputs, augmentation, changed, asked) if augmentation.mixes else []
    if pairs:
        _save(torch.cat([tiles for tiles, _ in pairs]), how, folder / "mixed.png", 3)
    return {
        "side": how.input_size,
        "resized": list(read(rows)[0].shape[1::-1]),
        "evaluation": spread(plain[0], how),
        "training": spread(versions[0], how),
        "mixed": [shares for _, shares in pairs],
    }


def tokens(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """A text as a backbone reads it: `about` has `dataset` and `row`, or `text` alone, and `backbone`.

    Raises:
        DataError: there is no such row, or not of a text.
        WeightsError: the tokenizer is not on this machine.
    """
    record = backbone(about["backbone"])
    text = about["text"] if "text" in about else _text(load_dataset(home, about["dataset"]), about["row"])
    inputs = reader(record, home)
    if not isinstance(inputs, TextInputs):
        raise DataError(f"{record.title} reads images; choose a model that reads texts.")
    found = tokens_of(inputs, text[:MOST_CHARACTERS])
    n_read = sum(token.read for token in found)
    return {
        "tokens": [asdict(token) for token in found[: n_read + MOST_CUT]],
        "n_read": n_read,
        "n_cut": len(found) - n_read,
        "max_tokens": inputs.max_tokens,
        "whole": len(text) <= MOST_CHARACTERS,
    }


def _mix(
    dataset: Dataset, inputs: ImageInputs, augmentation: Augmentation, changed: Varied, asked: Asked
) -> list[tuple[Tensor, list[float]]]:
    """For some partners, of other classes where there are any: both images and the mixed one, and its label."""
    labels, train = dataset.labels(), dataset.rows("train")
    others = train[labels[train] != labels[asked.row]]
    draw = np.random.default_rng(seed_of(asked.seed, "partners", asked.row))
    partners = draw.permutation(others if len(others) else train)[:MIXES]
    mix, found = mixer(augmentation, len(dataset.classes)), []
    for number, partner in enumerate(partners.tolist(), 1):
        rows = np.array([asked.row, partner])
        pair = inputs.collate(changed(rows, asked.shown, number))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(asked.seed, "mix", asked.row, number))
            mixed, shares = mix(pair, torch.from_numpy(labels[rows]))
        found.append((torch.cat([pair, mixed[:1]]), shares[0].tolist()))
    return found


def _save(batch: Tensor, preprocessing: ImagePreprocessing, path: Path, columns: int) -> None:
    """Images (B, 3, S, S) as tiles of one PNG, row after row."""
    from PIL import Image

    tiles: Sequence[np.ndarray[Any, np.dtype[np.uint8]]] = list(restore(batch, preprocessing).numpy())
    side, lines = tiles[0].shape[0], -(-len(tiles) // columns)
    sheet = np.zeros((lines * side, columns * side, 3), np.uint8)
    for place, tile in enumerate(tiles):
        top, left = place // columns * side, place % columns * side
        sheet[top : top + side, left : left + side] = tile
    Image.fromarray(sheet).save(path, compress_level=1)


def _check(dataset: Dataset, row: int) -> None:
    if not 0 <= row < dataset.n_samples:
        raise DataError(f"Dataset {dataset.id} has no sample {row}; its samples are 0 to {dataset.n_samples - 1}.")


def _text(dataset: Dataset, row: int) -> str:
    _check(dataset, row)
    sample = dataset.sample(row)
    if not isinstance(sample, str):
        raise DataError(f"Dataset {dataset.id} holds images; tokens are what a text becomes.")
    return sample
