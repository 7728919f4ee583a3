"""More files for a dataset: a new version of it, which knows what it was made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tlcore.data.columns import Columns
from tlcore.data.dataset import Dataset
from tlcore.data.ingestion import read_images, the_table
from tlcore.data.limits import Limits
from tlcore.data.names import readable
from tlcore.data.opening import opened
from tlcore.data.problems import Findings
from tlcore.data.revision import items_of, revise
from tlcore.data.selection import Item
from tlcore.data.storage import workspace
from tlcore.data.tables import read_table
from tlcore.errors import DataError

__all__ = ["grow"]

Progress = Callable[[int, int], None]


def grow(
    dataset: Dataset,
    source: Path | Sequence[Path],
    *,
    name: str | None = None,
    columns: Columns | None = None,
    folders: bool = False,
    inside_only: bool = False,
    limits: Limits = Limits(),
    progress: Progress = lambda done, total: None,
) -> Dataset:
    """Everything `ingest` reads, added to a dataset as a new version; the one there is stays as it is.

    Where the dataset keeps a split of the user's own, samples that come without one go to train; where it is divided
    by ratios, a split that the new samples bring is not kept.

    Raises:
        DataError: as `ingest`, or nothing of it is new, or it is of the other kind.
    """
    paths = (source,) if isinstance(source, Path) else tuple(source)
    findings, called = Findings(), readable(name or paths[0].name)
    with workspace(dataset.home) as folder:
        items = _read(dataset, paths, folder, columns, folders, inside_only, limits, findings, progress)
        old = items_of(dataset)
        n_new = len({item.digest for item in items} - {item.digest for item in old})
        if n_new == 0:
            raise DataError(f"Everything in {called} is in {dataset.name!r} already; nothing was added.")
        kind = f"{dataset.modality}{'' if n_new == 1 else 's'}"
        return revise(
            dataset,
            [*old, *_fitted(items, dataset, called, findings)],
            change=f"Added {n_new:,} {kind} from {called}.",
            findings=findings,
            bring=lambda target: _move(folder / "files", target / "files"),
        )


def _read(
    dataset: Dataset, paths: Sequence[Path], folder: Path, columns: Columns | None, folders: bool, inside_only: bool,
    limits: Limits, findings: Findings, progress: Progress,
) -> list[Item]:  # fmt: skip
    table = the_table(paths)
    if (table is not None) != (dataset.modality == "text"):
        wanted = "a table of texts" if dataset.modality == "text" else "images"
        raise DataError(f"{dataset.name!r} holds {dataset.modality}s; bring {wanted}, or make another dataset of this.")
    if table is not None:
        return read_table(table, columns, limits, findings, progress)
    with opened(paths, limits, folder, inside_only=inside_only) as source:
        return read_images(source, folder, limits, findings, progress, columns, folders)


def _fitted(items: Sequence[Item], dataset: Dataset, called: str, findings: Findings) -> list[Item]:
    """The items with a split where the dataset has the user's own, and without one where it has ratios."""
    if dataset.split is None:
        if any(item.split is None for item in items):
            findings.note(called, "Says no split, so its samples were added to train.")
        return [replace(item, split=item.split or "train") for item in items]
    if any(item.split is not None for item in items):
        findings.note(called, "Its own split was not kept, for the dataset is divided by ratios.")
    return [replace(item, split=None) for item in items]


def _move(files: Path, target: Path) -> None:
    if files.exists():
        files.rename(target)
