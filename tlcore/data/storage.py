"""From items to a stored dataset: built aside, moved into place at the end, so that a failure leaves nothing."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tlcore.data.dataset import Dataset, Modality, content_folder, dataset_folder, load_dataset
from tlcore.data.problems import Findings
from tlcore.data.selection import Item
from tlcore.data.splits import Split, SplitRatios
from tlcore.errors import DataError

__all__ = ["check_space", "derive", "keep", "sweep", "workspace"]

STALE_SECONDS = 2 * 24 * 3600
SPARE_BYTES = 64 * 2**20
"""Left free for the database and the runs."""
RECORD_FILES = ("manifest.parquet", "left_out.csv", "dataset.json")


@contextmanager
def workspace(home: Path) -> Iterator[Path]:
    """A folder on the same disk as the datasets, gone afterwards; so are those that a killed process left behind."""
    incoming = home / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    sweep(incoming)
    folder = Path(tempfile.mkdtemp(prefix="work-", dir=incoming))
    try:
        yield folder
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DataError(f"The disk of {home} is full; make room and add the data again.") from error
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_space(home: Path, n_bytes: int) -> None:
    """Refuse what the disk cannot hold.

    Raises:
        DataError: fewer than `n_bytes` are free.
    """
    free = shutil.disk_usage(home).free - SPARE_BYTES
    if n_bytes > free:
        raise DataError(f"The disk of {home} has {max(0, free):,} bytes free, {n_bytes:,} are needed; make room.")


def keep(
    items: Sequence[Item],
    splits: Sequence[Split],
    folder: Path,
    home: Path,
    *,
    modality: Modality,
    ratios: SplitRatios,
    findings: Findings,
    name: str,
    source: str,
    note: str,
    parent: str = "",
    change: str = "",
) -> Dataset:
    """Store selected items, in their order, with files that lie in `folder / "files"`.

    The same samples added again are the same dataset: its name and parent stay, origins and problems are new.
    """
    own = items[0].split is not None
    content = _content(modality, items)
    dataset_id = _dataset_id(content, None if own else ratios, splits, [item.group for item in items])
    before = _stored(home, dataset_id)
    dataset = Dataset(
        id=dataset_id,
        content=content,
        name=before.name if before else name,
        modality=modality,
        classes=tuple(sorted({item.label for item in items})),
        n_samples=len(items),
        source=source,
        note=note,
        created=time.time(),
        split=None if own else ratios,
        problems=findings.problems(),
        parent=before.parent if before else parent,
        change=before.change if before else change,
        home=home,
    )
    if modality == "image":
        _move_files(folder, items, content_folder(home, content))
    record = folder / "record"
    record.mkdir()
    _write_manifest(record, dataset, items, splits)
    _write_left_out(record, findings)
    return _move_record(record, dataset)


def _stored(home: Path, dataset_id: str) -> Dataset | None:
    try:
        return load_dataset(home, dataset_id)
    except DataError:
        return None


def derive(
    dataset: Dataset, splits: Sequence[Split], ratios: SplitRatios | None, groups: Sequence[str] | None = None
) -> Dataset:
    """The same content under another split, and other groups where they are given."""
    manifest = dataset.manifest()
    manifest["split"] = list(splits)
    if groups is not None:
        manifest["group"] = list(groups)
    made_id = _dataset_id(dataset.content, ratios, splits, manifest["group"].tolist())
    made = replace(dataset, id=made_id, split=ratios, created=time.time())
    with workspace(dataset.home) as folder:
        manifest.to_parquet(folder / "manifest.parquet", index=False)
        shutil.copyfile(dataset_folder(dataset.home, dataset.id) / "left_out.csv", folder / "left_out.csv")
        return _move_record(folder, made)


def _content(modality: Modality, items: Sequence[Item]) -> str:
    digest = hashlib.sha256(modality.encode())
    for item in items:
        digest.update(json.dumps([item.label, item.digest]).encode())
    return digest.hexdigest()[:16]


def _dataset_id(content: str, ratios: SplitRatios | None, splits: Sequence[Split], groups: Sequence[str]) -> str:
    """What it is called that was done does not count, what came of it does."""
    how = [*splits] if ratios is None else [*ratios.shares, ratios.seed]
    grouped = [list(groups)] if any(groups) else []
    return hashlib.sha256(json.dumps([content, how, *grouped]).encode()).hexdigest()[:12]


def _move_files(folder: Path, items: Sequence[Item], target: Path) -> None:
    content = folder / "content"
    content.mkdir()
    kept = {item.sample for item in items}
    for path in (folder / "files").glob("*/*"):
        if path.relative_to(folder / "files").as_posix() not in kept:
            path.unlink()
    (folder / "files").rename(content / "files")
    target.parent.mkdir(exist_ok=True)
    _rename(content, target)


def _write_manifest(folder: Path, dataset: Dataset, items: Sequence[Item], splits: Sequence[Split]) -> None:
    import pandas as pd

    labels = {name: label for label, name in enumerate(dataset.classes)}
    rows = {
        "sample": [item.sample for item in items],
        "label": pd.Series([labels[item.label] for item in items], dtype="int64"),
        "split": list(splits),
        "origin": [item.origin for item in items],
        "digest": [item.digest for item in items],
        "group": [item.group for item in items],
    }
    pd.DataFrame(rows).to_parquet(folder / "manifest.parquet", index=False)


def _write_left_out(folder: Path, findings: Findings) -> None:
    with (folder / "left_out.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("where", "why"))
        writer.writerows(findings.left_out())


def _move_record(folder: Path, dataset: Dataset) -> Dataset:
    """All at once if it is new, else file by file, the record last; the rows of both are the same."""
    (folder / "dataset.json").write_text(json.dumps(dataset.to_dict(), indent=1), encoding="utf-8")
    target = dataset_folder(dataset.home, dataset.id)
    target.parent.mkdir(exist_ok=True)
    if not _rename(folder, target):
        for file in RECORD_FILES:
            (folder / file).replace(target / file)
    return dataset


def _rename(folder: Path, target: Path) -> bool:
    """Whether the folder took the place; a place that another process took first holds the same."""
    try:
        folder.rename(target)
    except OSError:
        if not target.is_dir():
            raise
        return False
    return True


def sweep(incoming: Path) -> None:
    """Remove what was forgotten here days ago."""
    for path in incoming.iterdir():
        try:
            old = time.time() - path.stat().st_mtime > STALE_SECONDS
        except FileNotFoundError:
            continue
        if old:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
