"""From whatever the user brings to a stored dataset."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

from tlcore.data.archive import ZipSource
from tlcore.data.columns import Columns
from tlcore.data.dataset import Dataset
from tlcore.data.intake import take_in
from tlcore.data.layout import arrange
from tlcore.data.limits import Limits
from tlcore.data.names import readable
from tlcore.data.problems import Findings
from tlcore.data.selection import assign_splits, select
from tlcore.data.sources import Entry, FolderSource, Source
from tlcore.data.splits import SplitRatios
from tlcore.data.storage import check_space, keep, workspace
from tlcore.data.tables import read_table
from tlcore.errors import DataError

__all__ = ["ingest", "ingest_images", "ingest_table"]

TABLE_SUFFIXES = (".csv", ".tsv", ".txt")
Progress = Callable[[int, int], None]


def ingest(
    source: Path,
    home: Path,
    *,
    name: str | None = None,
    split: SplitRatios = SplitRatios(),
    columns: Columns | None = None,
    limits: Limits = Limits(),
    progress: Progress | None = None,
) -> Dataset:
    """Check and store a zip or folder of class folders with images, or a csv or tsv with texts and labels.

    `progress(done, total)` is called for every image, for every thousand lines; what it raises ends the ingest, and
    nothing of it remains. Memory does not grow with the images.

    Raises:
        DataError: what is wrong, where, and what to do about it.
    """
    path = Path(source)
    if not path.exists():
        raise DataError(f"There is no file or folder {readable(str(path))}; check the path.")
    called = readable(name or path.name or path.resolve().name)
    title = called.removesuffix(Path(called).suffix) if called.lower().endswith((".zip", ".csv", ".tsv")) else called
    report = progress or _ignore
    try:
        if path.is_dir():
            return ingest_images(FolderSource(path), home, title, split, limits, report)
        if path.suffix.lower() in TABLE_SUFFIXES:
            return ingest_table(path, home, title, split, columns, limits, report)
        _check_kind(path)
        with ZipSource(path, limits) as archive:
            return ingest_images(archive, home, title, split, limits, report)
    except PermissionError as error:
        raise DataError(f"{readable(str(error.filename))} cannot be opened; check its permissions.") from error


def ingest_images(
    source: Source, home: Path, name: str, split: SplitRatios, limits: Limits, progress: Progress, note: str = ""
) -> Dataset:
    """Check and store the images of any source."""
    findings = Findings()
    entries = source.entries(limits, findings)
    placed = arrange(entries, findings)
    if not placed:
        raise DataError(_nothing(source, entries, findings))
    home.mkdir(parents=True, exist_ok=True)
    check_space(home, sum(one.entry.size for one in placed))
    with workspace(home) as folder:
        items = take_in(placed, source, folder, limits, findings, progress)
        if not items:
            raise DataError(_nothing(source, entries, findings))
        items = select(items, findings, source.name)
        splits = assign_splits(items, split, findings)
        return keep(
            items, splits, folder, home, modality="image", ratios=split, findings=findings,
            name=name, source=source.name, note=note,
        )  # fmt: skip


def ingest_table(
    path: Path, home: Path, name: str, split: SplitRatios, columns: Columns | None, limits: Limits,
    progress: Progress, source: str = "", note: str = "",
) -> Dataset:  # fmt: skip
    """Check and store the texts of a table."""
    findings = Findings()
    called = readable(path.name)
    items = read_table(path, columns, limits, findings, progress)
    if not items:
        raise DataError(f"{called} has no row with both a text and a label; fill them in{findings.first()}.")
    items = select(items, findings, called)
    splits = assign_splits(items, split, findings)
    with workspace(home) as folder:
        return keep(
            items, splits, folder, home, modality="text", ratios=split, findings=findings,
            name=name, source=source or called, note=note,
        )  # fmt: skip


def _ignore(done: int, total: int) -> None:
    """No one asked for progress."""


def _check_kind(path: Path) -> None:
    name = readable(path.name)
    if path.stat().st_size == 0:
        raise DataError(f"{name} is empty (0 bytes); make it again.")
    if path.suffix.lower() != ".zip" and not zipfile.is_zipfile(path):
        raise DataError(
            f"{name} is of a kind that is not read; bring a zip of class folders with images, "
            "or a csv or tsv with a text and a label column."
        )
    if path.suffix.lower() in (".xlsx", ".xlsm", ".ods"):
        raise DataError(f"{name} is a workbook; save its sheet as CSV UTF-8 and bring that.")


def _nothing(source: Source, entries: list[Entry], findings: Findings) -> str:
    tables = [entry.path for entry in entries if entry.path.lower().endswith(TABLE_SUFFIXES[:2])]
    if tables:
        return (
            f"{source.name} holds no images but a table, {readable(tables[0])}; unpack it and bring the table itself."
        )
    return (
        f"{source.name} holds no image in a class folder{findings.first()}; put the images into one folder per class."
    )
