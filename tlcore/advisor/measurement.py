"""The measuring behind the advice: the backbone looks at some of the samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import torch
from torch import nn

from tlcore.advisor.facts import Facts
from tlcore.advisor.gap import IMAGE_GAP, TEXT_GAP, fragments, shift
from tlcore.advisor.probe import N_TRAIN, N_VAL, drawn, probe
from tlcore.data import Dataset
from tlcore.errors import RecipeError
from tlcore.features.feeds import move
from tlcore.features.inputs import TextInputs, reader
from tlcore.features.stored import DatasetFeeds
from tlcore.training.scoring import embedder
from tlcore.zoo import Backbone, stage_patterns
from tlcore.zoo.model import Inputs, TransferModel, load_backbone

__all__ = ["Tell", "measure"]

Tell = Callable[[str, float], None]
"""Takes what is being done, and the share done, in [0, 1]."""
GAP_IMAGES, GAP_TEXTS, SIZED_IMAGES = 64, 1_000, 9
BATCH = 16


def measure(dataset: Dataset, record: Backbone, home: Path, *, device: torch.device, seed: int, tell: Tell) -> Facts:
    """Take the gap, then probe the features.

    Raises:
        RecipeError: backbone and dataset do not fit, or there is nothing to learn from or to score on.
        WeightsError: the backbone's weights are not on this machine.
    """
    _check(dataset, record)
    tell(f"loading {record.title}", 0.0)
    model = TransferModel(load_backbone(record, home=home).to(device), nn.Identity(), stage_patterns(record))
    data = DatasetFeeds(dataset, record, home, device=device, seed=seed)
    n_train, n_val = len(dataset.rows("train")), len(dataset.rows("val"))
    n_gap = min(GAP_IMAGES, n_train) if dataset.modality == "image" else 0
    total = n_gap + min(N_TRAIN, n_train) + min(N_VAL, n_val) + 1

    def told(words: str, n: int) -> None:
        tell(words, min(1.0, n / total))

    gap, unknown = _gap(dataset, record, model, data, seed, lambda n: told("comparing with the pretraining", n))
    found = probe(data, embedder(model), seed=seed, tell=lambda n: told("computing features", n_gap + n))
    tell("weighing it up", 1.0)
    return Facts(
        modality=dataset.modality,
        n_train=n_train,
        n_classes=len(dataset.classes),
        gap=gap,
        limit=IMAGE_GAP if dataset.modality == "image" else TEXT_GAP,
        probe=found,
        unknown=unknown,
        image_size=_image_size(dataset),
        input_size=record.input_size,
    )


def _check(dataset: Dataset, record: Backbone) -> None:
    if dataset.modality != record.modality:
        raise RecipeError(
            f"{record.title} reads {record.modality}s, but the dataset {dataset.name!r} holds {dataset.modality}s. "
            "Choose a backbone of the same kind."
        )
    for split in ("train", "val"):
        if not len(dataset.rows(split)):
            raise RecipeError(f"Advice needs samples in train and val; {split} has none. Divide the data anew.")


def _gap(
    dataset: Dataset,
    record: Backbone,
    model: TransferModel,
    data: DatasetFeeds,
    seed: int,
    tell: Callable[[int], None],
) -> tuple[float | None, float]:
    """The figure for this modality, and the share of unknown tokens."""
    inputs = reader(record, dataset.home)
    if isinstance(inputs, TextInputs):
        rows = dataset.rows("train")[drawn(len(dataset.rows("train")), GAP_TEXTS, seed, "train").numpy()]
        found = fragments(inputs.tokenizer, [str(dataset.sample(int(row))) for row in rows])
        return found.per_word, found.unknown
    if not record.n_batch_norms:
        return None, 0.0
    feed, device = data.raw("train"), next(model.parameters()).device
    positions = drawn(len(feed), GAP_IMAGES, seed, "train")

    def batches() -> Iterator[Inputs]:
        done = 0
        for x, y in feed.batches(BATCH, positions):
            tell(done)
            done += len(y)
            yield move(x, device)

    return shift(model.backbone, batches()), 0.0


def _image_size(dataset: Dataset) -> int | None:
    """Pixels of the shorter side: the median of some images, evenly drawn."""
    if dataset.modality != "image":
        return None
    rows = dataset.rows("train")
    some = rows[:: max(1, len(rows) // SIZED_IMAGES)][:SIZED_IMAGES]
    images = [dataset.sample(int(row)) for row in some]
    return round(median(min(image.size) for image in images if not isinstance(image, str)))
