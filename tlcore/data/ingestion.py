"""From whatever the user brings to a stored dataset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tlcore.data.columns import Columns
from tlcore.data.dataset import Dataset
from tlcore.data.grid import is_table
from tlcore.data.intake import take_in
from tlcore.data.layout import Placed, arrange, looks_like_image
from tlcore.data.limits import Limits
from tlcore.data.listing import find_listing, place_listed
from tlcore.data.names import readable
from tlcore.data.opening import opened, title_of
from tlcore.data.problems import Findings
from tlcore.data.selection import Item, assign_splits, select
from tlcore.data.sources import Entry, Source
from tlcore.data.splits import SplitRatios
from tlcore.data.storage import check_space, keep, workspace
from tlcore.data.tables import Table, inspect_table, read_table
from tlcore.errors import DataError

__all__ = ["Survey", "ingest", "ingest_images", "ingest_table", "read_images", "survey", "the_table"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What something seems to be, before it is read."""

    kind: Literal["texts", "listed", "folders"]
    """A table of texts, images with a table of their labels, or images in class folders."""
    table: Table | None = None
    """The table, with the guess of its columns."""
    table_name: str = ""
    """The table's place, as it can be shown."""
    n_images: int = 0
    """Files that look like images."""


def survey(
    source: Path | Sequence[Path], home: Path, limits: Limits = Limits(), *, inside_only: bool = False
) -> Survey:
    """Look at what is there, to ask about columns where there is a table.

    Raises:
        DataError: it is not there, of no kind that is read, damaged, or beyond the limits.
    """
    paths = _paths(source)
    if (path := the_table(paths)) is not None:
        return Survey(kind="texts", table=inspect_table(path, limits), table_name=readable(path.name))
    with workspace(home) as folder, opened(paths, limits, folder, inside_only=inside_only) as opening:
        entries = opening.entries(limits, Findings())
        n_images = sum(looks_like_image(entry.path) for entry in entries)
        listing = find_listing(opening, entries, limits, folder)
    if listing is None:
        return Survey(kind="folders", n_images=n_images)
    return Survey(kind="listed", table=listing.table, table_name=listing.entry.origin, n_images=n_images)


def ingest(
    source: Path | Sequence[Path],
    home: Path,
    *,
    name: str | None = None,
    split: SplitRatios = SplitRatios(),
    columns: Columns | None = None,
    folders: bool = False,
    inside_only: bool = False,
    limits: Limits = Limits(),
    progress: Progress | None = None,
) -> Dataset:
    """Check and store images in class folders, images with a table of their labels, or a table of texts and labels.

    `source` is a folder, zip, tar or table, or several of these with single images, which are read as one. A table
    beside images that names them decides their labels, by `columns` or by its usual names; with `folders` their folders
    do. `inside_only` follows no link out of a folder.

    `progress(done, total)` is called for every image, for every thousand rows; what it raises ends the ingest, and
    nothing of it remains. Memory does not grow with the images.

    Raises:
        DataError: what is wrong, where, and what to do about it.
    """
    paths, report = _paths(source), progress or _ignore
    title = title_of(readable(name or _called(paths)))
    try:
        if (path := the_table(paths)) is not None:
            return ingest_table(path, home, title, split, columns, limits, report)
        home.mkdir(parents=True, exist_ok=True)
        with workspace(home) as spool, opened(paths, limits, spool, inside_only=inside_only) as opening:
            return ingest_images(opening, home, title, split, limits, report, columns=columns, folders=folders)
    except PermissionError as error:
        raise DataError(f"{readable(str(error.filename))} cannot be opened; check its permissions.") from error


def ingest_images(
    source: Source, home: Path, name: str, split: SplitRatios, limits: Limits, progress: Progress, note: str = "",
    *, columns: Columns | None = None, folders: bool = False, arranging: Callable[..., list[Placed]] = arrange,
) -> Dataset:  # fmt: skip
    """Check and store the images of any source."""
    findings = Findings()
    home.mkdir(parents=True, exist_ok=True)
    with workspace(home) as folder:
        items = read_images(source, folder, limits, findings, progress, columns, folders, arranging)
        items = select(items, findings, source.name)
        splits = assign_splits(items, split, findings)
        return keep(
            items, splits, folder, home, modality="image", ratios=split, findings=findings,
            name=name, source=source.name, note=note,
        )  # fmt: skip


def read_images(
    source: Source, folder: Path, limits: Limits, findings: Findings, progress: Progress,
    columns: Columns | None = None, folders: bool = False, arranging: Callable[..., list[Placed]] = arrange,
) -> list[Item]:  # fmt: skip
    """Copy every sound image of a source to `folder / "files"`.

    Raises:
        DataError: no image has a label.
    """
    entries = source.entries(limits, findings)
    listing = None if folders else find_listing(source, entries, limits, folder)
    if listing is not None:
        placed = place_listed(source, entries, listing, columns, limits, folder, findings)
    elif columns is not None:
        raise DataError(
            f"{source.name} holds no table with a column of its images' file names; write the names as they are, "
            "or leave the columns out to take each image's folder as its class."
        )
    else:
        placed = arranging(entries, findings)
    if not placed:
        raise DataError(_nothing(source, entries, findings))
    check_space(folder, sum(one.entry.size for one in placed))
    items = take_in(placed, source, folder, limits, findings, progress)
    if not items:
        raise DataError(_nothing(source, entries, findings))
    return items


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


def the_table(paths: Sequence[Path]) -> Path | None:
    """The one table that was brought alone, if so.

    Raises:
        DataError: several tables and nothing else.
    """
    tables = [path for path in paths if is_table(path.name) and not path.is_dir()]
    if len(tables) < len(paths) or not paths:
        return None
    if len(tables) > 1:
        names = ", ".join(readable(path.name) for path in tables[:5])
        raise DataError(f"{names} are {len(tables)} tables; bring one, then add the others to its dataset.")
    return tables[0]


def _paths(source: Path | Sequence[Path]) -> tuple[Path, ...]:
    paths = (source,) if isinstance(source, Path) else tuple(map(Path, source))
    for path in paths:
        if not path.exists():
            raise DataError(f"There is no file or folder {readable(str(path))}; check the path.")
    if not paths:
        raise DataError("Nothing was brought; choose at least one file or folder.")
    return paths


def _called(paths: Sequence[Path]) -> str:
    first = paths[0].name or paths[0].resolve().name
    return first if len(paths) == 1 else f"{title_of(first)} and {len(paths) - 1} more"


def _ignore(done: int, total: int) -> None:
    """No one asked for progress."""


def _nothing(source: Source, entries: list[Entry], findings: Findings) -> str:
    tables = [entry.origin for entry in entries if is_table(entry.path) and not entry.path.lower().endswith(".txt")]
    if tables and not any(looks_like_image(entry.path) for entry in entries):
        return f"{source.name} holds no images but a table, {tables[0]}; unpack it and bring the table itself."
    return (
        f"{source.name} holds no image in a class folder{findings.first()}; put the images into one folder per class, "
        "or bring a table of their file names and labels with them."
    )
