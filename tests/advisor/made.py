"""Datasets, machines and curves made in a moment: manifests without files, figures without measuring."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tlcore.advisor import Facts
from tlcore.advisor.facts import Probe
from tlcore.data import Dataset, Modality, SplitRatios
from tlcore.data.dataset import dataset_folder
from tlcore.device import Gpu, Machine
from tlcore.training import Recipe
from tlcore.training.events import EpochDone

GB = 10**9
ID = "0123456789ab"
SEEN = {"knn": 0.8, "linear": 0.85, "chance": 0.35, "n_val": 120}


def dataset(
    home: Path,
    counts: Sequence[tuple[int, int, int]] = ((600, 60, 60), (600, 60, 60)),
    *,
    modality: Modality = "image",
    text: str = "a short text",
) -> Dataset:
    """A stored dataset with (train, val, test) samples of each class; no file lies behind its rows."""
    rows = [
        {"label": label, "split": split, "sample": f"{text} {label} {split} {i}", "origin": f"{label}/{split}-{i}.png"}
        for label, sizes in enumerate(counts)
        for split, n in zip(("train", "val", "test"), sizes, strict=True)
        for i in range(n)
    ]
    table = pd.DataFrame(rows)
    table["digest"] = [f"{row:032x}" for row in range(len(table))]
    made = Dataset(
        id=ID,
        content="0123456789abcdef",
        name="made",
        modality=modality,
        classes=tuple(f"class {label}" for label in range(len(counts))),
        n_samples=len(table),
        source="nowhere",
        note="",
        created=0.0,
        split=SplitRatios(),
        problems=(),
        home=home,
    )
    write(made, table)
    return made


def write(made: Dataset, table: pd.DataFrame) -> None:
    """Put another manifest in its place; a dataset that was read before still shows the old one."""
    folder = dataset_folder(made.home, made.id)
    folder.mkdir(parents=True, exist_ok=True)
    table.to_parquet(folder / "manifest.parquet", index=False)


def machine(memory: int = 64 * GB, gpu: int | None = None) -> Machine:
    """A machine with so many bytes free, and a GPU with so many where one is asked for."""
    gpus = (Gpu(name="Test GPU", memory_total=gpu, memory_free=gpu),) if gpu is not None else ()
    return Machine(cpu="Test", n_cores=4, memory_total=memory, memory_available=memory, gpus=gpus)


def recipe(
    strategy: str | dict[str, object] = "feature_extraction", backbone: str = "efficientnet_lite0", **changes: object
) -> Recipe:
    """A recipe in its plain form, with these of its keys set."""
    return Recipe.from_dict({"dataset": ID, "backbone": backbone, "strategy": strategy, **changes})


def curves(rows: Sequence[tuple[float, float, float, float]]) -> list[EpochDone]:
    """Epochs from (train loss, train accuracy, val loss, val accuracy)."""
    best, history = -math.inf, []
    for epoch, (train_loss, train_accuracy, val_loss, val_accuracy) in enumerate(rows, start=1):
        history.append(
            EpochDone(
                epoch=epoch,
                step=10 * epoch,
                train_loss=train_loss,
                train_accuracy=train_accuracy,
                val_loss=val_loss,
                val_accuracy=val_accuracy,
                best=val_accuracy > best,
            )
        )
        best = max(best, val_accuracy)
    return history


def facts(**changes: object) -> Facts:
    """Few photographs whose features tell the classes apart fairly well."""
    usual: dict[str, object] = {
        "modality": "image",
        "n_train": 600,
        "n_classes": 3,
        "gap": 0.3,
        "limit": 0.7,
        "image_size": 500,
        "input_size": 224,
    }
    seen = {key: changes.pop(key, value) for key, value in SEEN.items()}
    return Facts(**(usual | changes), probe=Probe(**seen, n_train=600))  # type: ignore[arg-type]
