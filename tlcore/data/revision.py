"""A dataset changed into another: samples dropped, relabelled, regrouped, added. The first stays as it is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tlcore.data.dataset import Dataset, content_folder
from tlcore.data.problems import Findings
from tlcore.data.selection import Item, assign_splits, select
from tlcore.data.splits import SplitRatios
from tlcore.data.storage import keep, workspace

__all__ = ["items_of", "revise"]


def items_of(dataset: Dataset) -> list[Item]:
    """The samples in the order of the manifest; their split only where it was the user's own.

    Raises:
        DataError: the manifest is gone.
    """
    own = dataset.split is None
    rows: list[dict[str, Any]] = dataset.manifest().to_dict("records")  # type: ignore[assignment]
    return [
        Item(
            label=dataset.classes[row["label"]],
            digest=row["digest"],
            sample=row["sample"],
            origin=row["origin"],
            split=row["split"] if own else None,
            group=row["group"],
        )
        for row in rows
    ]


def revise(
    dataset: Dataset,
    items: Sequence[Item],
    *,
    change: str,
    ratios: SplitRatios | None = None,
    findings: Findings | None = None,
    bring: Callable[[Path], None] = lambda folder: None,
) -> Dataset:
    """Store `items` as a dataset that knows its parent and, in words, what was changed.

    Files of the parent are linked, not copied. `bring(folder)` puts what is new below `folder / "files"`. Without
    `ratios` the parent's are taken, so most samples stay in the split they had.

    Raises:
        DataError: fewer than two classes with enough samples would be left, or the disk is full.
    """
    findings = findings or Findings()
    kept = select(items, findings, dataset.name)
    divided = ratios or dataset.split or SplitRatios()
    if ratios is not None:  # asked for, so the user's own split goes
        kept = [replace(item, split=None) for item in kept]
    splits = assign_splits(kept, divided, findings)
    if kept == items_of(dataset) and splits == dataset.manifest()["split"].tolist():
        return dataset
    with workspace(dataset.home) as folder:
        bring(folder)
        if dataset.modality == "image":
            _link(content_folder(dataset.home, dataset.content) / "files", folder / "files", kept)
        return keep(
            kept, splits, folder, dataset.home, modality=dataset.modality, ratios=divided, findings=findings,
            name=dataset.name, source=dataset.source, note=dataset.note, parent=dataset.id, change=change,
        )  # fmt: skip


def _link(stored: Path, files: Path, items: Sequence[Item]) -> None:
    """The parent's files under their names, without using their room again where the disk can link."""
    for item in items:
        here, there = files / item.sample, stored / item.sample
        if here.exists() or not there.exists():
            continue
        here.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(there, here)
        except OSError:
            shutil.copyfile(there, here)
