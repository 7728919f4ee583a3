"""A table of any format as columns and rows of text; each format has a reader of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Literal

from tlcore.data.limits import Limits
from tlcore.data.names import readable
from tlcore.data.problems import Findings, Problem
from tlcore.data.records import Record
from tlcore.errors import DataError

__all__ = ["TABLES", "Grid", "is_table", "open_grid"]

READERS: Mapping[str, str] = {
    ".csv": "tlcore.data.delimited:read_delimited",
    ".tsv": "tlcore.data.delimited:read_delimited",
    ".txt": "tlcore.data.delimited:read_delimited",
    ".xlsx": "tlcore.data.workbook:read_workbook",
    ".xlsm": "tlcore.data.workbook:read_workbook",
    ".json": "tlcore.data.objects:read_objects",
    ".jsonl": "tlcore.data.objects:read_object_lines",
    ".ndjson": "tlcore.data.objects:read_object_lines",
    ".parquet": "tlcore.data.columnar:read_columnar",
}
"""`module:function` of (path, limits) -> `Grid`, by the file's suffix."""
TABLES = tuple(READERS)
Reader = Callable[[Path, Limits], "Grid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table that can be gone through, any number of times."""

    columns: tuple[str, ...]
    """Names, distinct."""
    header: bool
    """Whether the file says what they are called."""
    unit: Literal["line", "row", "item"]
    """What the number of a record counts."""
    n_rows: int
    """The last such number, about."""
    rows: Callable[[Findings], Iterator[Record]]
    """(number, cells as text) of each record, without the header; what cannot be read goes to the findings."""
    delimiter: str = ""
    """One character, where the format has one."""
    encoding: str = ""
    """As Python calls it, where the format leaves it open."""
    problems: tuple[Problem, ...] = ()
    """What was noticed about the file as a whole."""


def is_table(name: str) -> bool:
    """Whether a file's name is that of a table."""
    return name.lower().endswith(TABLES)


def open_grid(path: Path, limits: Limits = Limits()) -> Grid:
    """The table in a file.

    Raises:
        DataError: empty, too large, damaged, or not what its suffix says.
    """
    name, size = readable(path.name), path.stat().st_size
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{name} is no table that can be read; {', '.join(TABLES)} are.")
    if size == 0:
        raise DataError(f"{name} is empty (0 bytes); export it again.")
    if size > limits.max_table_bytes:
        raise DataError(f"{name} has {size:,} bytes, {limits.max_table_bytes:,} are allowed; divide it.")
    module, _, function = reader.partition(":")
    read: Reader = getattr(import_module(module), function)
    return read(path, limits)
