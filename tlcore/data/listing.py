"""Images whose labels stand in a table beside them: one row a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from tlcore.data.columns import Columns, guess_columns
from tlcore.data.grid import is_table, open_grid
from tlcore.data.layout import Placed, looks_like_image
from tlcore.data.limits import Limits
from tlcore.data.names import class_name, file_name, readable
from tlcore.data.problems import Findings, Rejected
from tlcore.data.sources import Entry, Source
from tlcore.data.tables import MAX_GROUP_CHARS, Table, checked_columns, inspect_table, split_of
from tlcore.errors import DataError

__all__ = ["Listing", "find_listing", "place_listed"]

INSPECTED_ROWS = 1_000
MAX_LIST_BYTES = 2**28
"""Of a table of labels."""
MAX_TABLES = 20
"""Tables that are looked into for file names."""
LEAST_FOUND = 0.5
"""Share of a column's cells that must name images for it to be a column of file names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A table that names the images beside it."""

    entry: Entry
    """The table's file in the source."""
    table: Table
    """Its `text` is the column of file names."""
    found: float
    """Share of the first rows whose file is there, in [0, 1]."""


def find_listing(source: Source, entries: Sequence[Entry], limits: Limits, folder: Path) -> Listing | None:
    """The table that names most images, if one names at least half in its column; `folder` holds a copy meanwhile."""
    images = _Images(entries)
    tables = [entry for entry in entries if is_table(entry.path) and entry.size <= MAX_LIST_BYTES]
    if not images or not tables:
        return None
    found: list[Listing] = []
    for entry in tables[:MAX_TABLES]:
        try:
            listing = _listing(source, entry, images, limits, folder)
        except (DataError, Rejected):
            continue
        if listing is not None:
            found.append(listing)
    return max(found, key=lambda one: (one.found, one.table.n_lines), default=None)


def place_listed(
    source: Source,
    entries: Sequence[Entry],
    listing: Listing,
    columns: Columns | None,
    limits: Limits,
    folder: Path,
    findings: Findings,
) -> list[Placed]:
    """Each image that the table names, with its label, split and group; everything else goes to the findings.

    Raises:
        DataError: the columns are not there, or the table is damaged.
    """
    path = _copied(source, listing.entry, folder)
    grid, images, table = open_grid(path, limits), _Images(entries), listing.table
    columns = checked_columns(columns, table, Path(listing.entry.path))
    at = {name: place for place, name in enumerate(table.columns)}
    placed: dict[str, Placed] = {}
    for number, cells in islice(grid.rows(findings), limits.max_rows):
        cell = {name: cells[at[name]].strip() if at[name] < len(cells) else "" for name in _named(columns)}
        try:
            one = _placed(cell, columns, images, listing.entry.path)
            if placed.setdefault(one.entry.origin, one) != one:
                raise Rejected("names a file that another row has already", "Delete one of the rows.")
        except Rejected as rejected:
            findings.leave_out(f"{grid.unit} {number}", rejected.reason, rejected.advice)
    name = readable(PurePosixPath(listing.entry.path).name)
    for entry in images.entries:
        if entry.origin not in placed:
            findings.leave_out(entry.origin, f"an image that {name} does not name", "Add a row with its label.")
    return list(placed.values())


class _Images:
    """Finds an image by what a cell says: a path, a file name, or that without its ending."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = [entry for entry in entries if looks_like_image(entry.path)]
        self._names: dict[str, list[Entry]] = {}
        for entry in self.entries:
            path = PurePosixPath(entry.path.lower())
            for name in {path.name, path.stem}:
                self._names.setdefault(name, []).append(entry)

    def __bool__(self) -> bool:
        return bool(self.entries)

    def find(self, cell: str, beside: str) -> list[Entry]:
        """All that the cell may mean; `beside` is the table's own path, to which cells may be relative."""
        asked = cell.strip().replace("\\", "/").removeprefix("./").lower()
        if not asked:
            return []
        known = self._names.get(asked.rpartition("/")[2], [])
        if len(known) < 2:
            return known
        near = (PurePosixPath(beside.lower()).parent / asked).as_posix()
        for whole in (near, asked):
            exact = [entry for entry in known if whole in _names(entry)]
            if len(exact) == 1:
                return exact
        ending = [entry for entry in known if any(name.endswith(f"/{asked}") for name in _names(entry))]
        return ending if len(ending) == 1 else known


def _names(entry: Entry) -> tuple[str, str]:
    path = PurePosixPath(entry.path.lower())
    return path.as_posix(), path.with_suffix("").as_posix()


def _copied(source: Source, entry: Entry, folder: Path) -> Path:
    """The table as a file of its own, whose format its name still says."""
    path = folder / file_name(entry.path)
    path.write_bytes(source.read(entry, MAX_LIST_BYTES))
    return path


def _listing(source: Source, entry: Entry, images: _Images, limits: Limits, folder: Path) -> Listing | None:
    with TemporaryDirectory(dir=folder) as own:
        path = _copied(source, entry, Path(own))
        table, grid = inspect_table(path, limits), open_grid(path, limits)
        rows = [cells for _, cells in islice(grid.rows(Findings()), INSPECTED_ROWS)]
    shares = [_share(rows, place, images, entry.path) for place in range(len(table.columns))]
    best = max(range(len(shares)), key=shares.__getitem__)
    if shares[best] < LEAST_FOUND:
        return None
    file = table.columns[best]
    return Listing(entry=entry, table=_with_files(table, file, rows), found=shares[best])


def _share(rows: Sequence[Sequence[str]], place: int, images: _Images, beside: str) -> float:
    cells = [row[place] for row in rows if place < len(row)]
    return sum(bool(images.find(cell, beside)) for cell in cells) / max(1, len(rows))


def _with_files(table: Table, file: str, rows: Sequence[Sequence[str]]) -> Table:
    """The guess of the label made without the column of file names."""
    others = [place for place, name in enumerate(table.columns) if name != file]
    if table.label != file and table.text == file:
        return table
    if len(others) == 1:
        return replace(table, text=file, label=table.columns[others[0]], split="", group="")
    cells = [["", *(row[place] if place < len(row) else "" for place in others)] for row in rows]
    guess = guess_columns(["text", *(table.columns[place] for place in others)], cells)
    return replace(table, text=file, label=guess.label, split=guess.split, group=guess.group)


def _named(columns: Columns) -> list[str]:
    return [name for name in (columns.text, columns.label, columns.split, columns.group) if name]


def _placed(cell: Mapping[str, str], columns: Columns, images: _Images, beside: str) -> Placed:
    """What a row says.

    Raises:
        Rejected: why it says nothing.
    """
    entries, label = images.find(cell[columns.text], beside), class_name(cell[columns.label])
    if not entries:
        raise Rejected("names an image that is not there", "Bring it too, or delete the row.")
    if len(entries) > 1:
        raise Rejected("names several images", "Write the path of the one that is meant.")
    if not label:
        raise Rejected("the label is empty", "Write one, or delete the row.")
    split, fault = split_of(cell[columns.split]) if columns.split else (None, None)
    if fault is not None:
        raise Rejected(*fault)
    group = readable(cell[columns.group])[:MAX_GROUP_CHARS] if columns.group else ""
    return Placed(entry=entries[0], label=label, split=split, group=group)
