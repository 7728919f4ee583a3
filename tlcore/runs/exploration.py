"""Looking closely at a dataset: its map, the labels to doubt, its export. Plain values in and out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tlcore.data import SPLITS, Dataset, list_datasets, load_dataset
from tlcore.data.export import export
from tlcore.device import torch_device
from tlcore.errors import DataError, RecipeError
from tlcore.features.projection import drawn_rows, project
from tlcore.features.stored import DatasetFeeds
from tlcore.features.suspects import out_of_fold, suspects
from tlcore.runs.embedding import LateEmbed
from tlcore.zoo import Backbone, backbone

__all__ = ["doubts", "exported", "plane"]

SEED = 0
BATCH = 64
EMBEDDED = 0.6
"""Share of the work that computing the features is taken for; what follows is the rest."""
STALE_SECONDS = 2 * 24 * 3600
Tell = Callable[[float, str], None]
Floats = NDArray[np.float32]


def plane(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """The map of a content: rows of its manifest and where they lie, `x` and `y`; a part of many, drawn by class."""
    dataset, record = _asked(home, about)
    rows = drawn_rows(dataset.labels(), SEED)
    features = _features(home, dataset, record, rows, tell)
    places = project(features, SEED, lambda share: tell(_later(share), "laying out the map"))
    columns = {name: [round(float(place), 3) for place in places[:, axis]] for axis, name in enumerate("xy")}
    return {"rows": rows.tolist(), **columns, "n": dataset.n_samples}


def doubts(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Samples of a content whose label its features contradict, and how often the features tell the label at all."""
    dataset, record = _asked(home, about)
    labels = dataset.labels()
    features = _features(home, dataset, record, np.arange(len(labels)), tell)
    said = out_of_fold(features, labels, SEED, lambda share: tell(_later(share), "judging each sample by the others"))
    found = suspects(said, labels)
    return {
        "suspects": [asdict(one) for one in found],
        "agreement": float((said.argmax(1) == labels).mean()),
        "n": len(labels),
    }


def exported(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """The dataset as a zip in the home's `exports`; those that are days old go."""
    dataset, folder = load_dataset(home, about["dataset"]), home / "exports"
    for path in folder.glob("*.zip"):
        if time.time() - path.stat().st_mtime > STALE_SECONDS:
            path.unlink(missing_ok=True)
    path = export(dataset, folder / f"{dataset.id}.zip", lambda done, total: tell(done / total, "writing the zip"))
    return {"file": path.name, "bytes": path.stat().st_size}


def _asked(home: Path, about: Mapping[str, Any]) -> tuple[Dataset, Backbone]:
    """Any dataset of the content, for labels and features are the same in all its splits."""
    dataset = next((one for one in list_datasets(home) if one.content == about["content"]), None)
    if dataset is None:
        raise DataError("The dataset that this was asked of is gone; choose another.")
    record = backbone(about["backbone"])
    if record.modality != dataset.modality:
        raise RecipeError(f"{record.title} reads {record.modality}s, and this dataset holds {dataset.modality}s.")
    return dataset, record


def _features(home: Path, dataset: Dataset, record: Backbone, rows: NDArray[np.int64], tell: Tell) -> Floats:
    """Features (n, D) of ascending rows, from the store, which keeps what is missing there."""
    tell(0.0, "looking for features")
    device, done = torch_device(), 0
    data, embed = DatasetFeeds(dataset, record, home, device=device), LateEmbed(record, home, device)
    values = np.empty((len(rows), record.n_features), dtype=np.float32)
    for split in SPLITS:
        own = dataset.rows(split)
        places = np.flatnonzero(np.isin(rows, own))
        positions = torch.from_numpy(np.searchsorted(own, rows[places]))
        for x, _ in data.features(split, embed).batches(BATCH, positions) if len(places) else ():
            assert isinstance(x, torch.Tensor)
            values[places[: len(x)]], places = x.cpu().numpy(), places[len(x) :]
            done += len(x)
            tell(EMBEDDED * done / len(rows), f"computing features: {done:,} of {len(rows):,}")
    return values


def _later(share: float) -> float:
    return EMBEDDED + (1 - EMBEDDED) * share
