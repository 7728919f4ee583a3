"""A dataset divided anew: another dataset over the same files, while the first stays for the runs that used it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tlcore.data.dataset import Dataset, list_datasets, load_dataset
from tlcore.data.splits import SPLITS, Split, SplitRatios, divide
from tlcore.data.storage import derive
from tlcore.errors import DataError

__all__ = ["as_brought", "bring_back", "divided", "gaps", "resplit"]


def divided(dataset: Dataset, split: SplitRatios, groups: Sequence[str] | None = None) -> list[Split]:
    """The split that each row would be in; the dataset's own groups count without others, empty ones are none.

    Raises:
        DataError: the groups are too few to divide, or the dataset's manifest is gone.
    """
    manifest = dataset.manifest()
    labels = [dataset.classes[label] for label in manifest["label"]]
    names = manifest["group"].tolist() if groups is None else list(groups)
    parts = divide(labels, manifest["digest"].tolist(), split.shares, split.seed, names)
    return [SPLITS[part] for part in parts]


def resplit(dataset: Dataset, split: SplitRatios, groups: Sequence[str] | None = None) -> Dataset:
    """The same samples divided anew; files and features are shared, so it costs nothing. Arguments of `divided`.

    Raises:
        DataError: as `divided`.
    """
    if groups is None and dataset.split and not split.grouped_by:
        split = replace(split, grouped_by=dataset.split.grouped_by)
    return derive(dataset, divided(dataset, split, groups), split, groups)


def gaps(dataset: Dataset) -> dict[Split, tuple[str, ...]]:
    """For each split that lacks classes, which they are."""
    counts = dataset.counts()
    lacking: dict[Split, tuple[str, ...]] = {
        split: tuple(str(name) for name in counts.index[counts[split] == 0]) for split in SPLITS
    }
    return {split: names for split, names in lacking.items() if names}


def as_brought(dataset: Dataset) -> Dataset | None:
    """The dataset whose split is the user's own: of this content, or of what it was made from; None without one."""
    own = {one.content: one for one in list_datasets(dataset.home) if one.split is None}
    seen: set[str] = set()
    now: Dataset | None = dataset
    while now is not None and now.id not in seen:
        if now.content in own:
            return own[now.content]
        seen.add(now.id)
        now = _parent(now)
    return None


def bring_back(dataset: Dataset) -> Dataset:
    """These samples in the user's own split; those that came later learn.

    Raises:
        DataError: the user never had one.
    """
    brought = as_brought(dataset)
    if brought is None:
        raise DataError(f"Dataset {dataset.id} was brought without a split of its own; divide it by shares.")
    if brought.content == dataset.content:
        return brought
    known = brought.manifest().set_index("digest")["split"]
    splits = [known.get(digest, "train") for digest in dataset.manifest()["digest"]]
    return derive(dataset, splits, None)


def _parent(dataset: Dataset) -> Dataset | None:
    try:
        return load_dataset(dataset.home, dataset.parent) if dataset.parent else None
    except DataError:  # it was removed
        return None
