"""Sheets of Excel workbooks. A workbook is a zip of XML, so it is bounded like any archive before it is parsed."""

from __future__ import annotations

import datetime
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from tlcore.data.columns import read_heading
from tlcore.data.grid import Grid
from tlcore.data.limits import Limits
from tlcore.data.names import readable
from tlcore.data.problems import Problem
from tlcore.data.records import Record
from tlcore.errors import DataError

__all__ = ["read_workbook"]

INSPECTED_ROWS = 1_000
MAX_COLUMNS = 512
MAX_ROWS = 1_048_576
"""As Excel has them."""
MAX_PARTS = 5_000
"""Files within the zip."""
PARTS_SHARE = 4
"""A workbook may unpack to this part of what a table may have: its strings are held in memory."""
RATIO_FROM_BYTES = 32 * 2**20
DECLARED = 4096
"""Bytes at the start of a part in which an entity would have to be declared."""
AGAIN = "Open it in Excel and save it again, or save its sheet as CSV UTF-8."


def read_workbook(path: Path, limits: Limits) -> Grid:
    """The first visible sheet that holds anything.

    Raises:
        DataError: no workbook, damaged, locked, a bomb, or without two columns.
    """
    _check(path, limits)
    name = readable(path.name)
    with _reading(path) as book:
        sheets = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
        titles = [title for title in sheets if next(_rows(book[title], name), None) is not None]
        if not titles:
            raise DataError(f"{name} has no sheet with data; save the one with texts and labels.")
        sample = list(islice(_rows(book[titles[0]], name), INSPECTED_ROWS))
    heading = read_heading([cells for _, cells in sample])
    if len(heading.names) < limits.min_columns:
        raise DataError(f"The sheet {titles[0]!r} of {name} has one column only; texts and labels need one each.")
    return Grid(
        columns=heading.names,
        header=heading.written,
        unit="row",
        n_rows=len(sample) if len(sample) < INSPECTED_ROWS else _n_rows(path, titles[0]),
        rows=lambda findings: _all_rows(path, titles[0], int(heading.written)),
        problems=_problems(name, titles, heading.written),
    )


def _check(path: Path, limits: Limits) -> None:
    name = readable(path.name)
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or not any(part.filename.startswith("xl/") for part in parts):
                raise DataError(f"{name} is no Excel workbook, whatever its name says. {AGAIN}")
            unpacked, packed = sum(part.file_size for part in parts), max(1, sum(part.compress_size for part in parts))
            if unpacked > limits.max_table_bytes // PARTS_SHARE or (
                unpacked > RATIO_FROM_BYTES and unpacked > limits.max_ratio * packed
            ):
                raise DataError(
                    f"{name} unpacks to {unpacked:,} bytes, which is too much. Save its sheet as CSV UTF-8."
                )
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    _check_part(archive, part, name)
    except DataError:
        raise
    except Exception as error:  # zipfile, zlib and struct each have their own
        raise DataError(f"{name} is no Excel workbook that can be read. {AGAIN}") from error


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> None:
    """Excel declares no document types; what does wants to expand entities, or to read files."""
    with archive.open(part) as file:
        if b"<!" in file.read(DECLARED).replace(b"<!--", b""):
            raise DataError(f"{name} declares XML entities, which no Excel workbook does. {AGAIN}")


@contextmanager
def _reading(path: Path) -> Iterator[Any]:
    """The workbook; whatever its parser stumbles over is a sentence."""
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on styles and extensions, of which nothing is read
            with closing(openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)) as book:
                yield book
    except DataError:
        raise
    except Exception as error:  # a parser may raise anything on parts made to confuse it
        raise DataError(f"{readable(path.name)} is damaged, or locked with a password. {AGAIN}") from error


def _all_rows(path: Path, title: str, skipped: int) -> Iterator[Record]:
    with _reading(path) as book:
        yield from islice(_rows(book[title], readable(path.name)), skipped, None)


def _n_rows(path: Path, title: str) -> int:
    with _reading(path) as book:
        return min(MAX_ROWS, int(book[title].max_row or MAX_ROWS))


def _rows(sheet: Any, name: str) -> Iterator[Record]:
    """Rows with anything in them, by their number; cells at the right that no row fills are cut off.

    What a sheet says of its own size is not believed.
    """
    rows = sheet.iter_rows(min_row=1, max_row=MAX_ROWS, max_col=MAX_COLUMNS, values_only=True)
    width, last = 0, None
    for number, values in enumerate(rows, start=1):
        if values is last:  # what is not in the file is one and the same empty row
            continue
        last = values
        filled = max((place for place, value in enumerate(values, start=1) if value not in (None, "")), default=0)
        if not filled:
            continue
        width = max(width, filled)
        yield number, [_cell(value) for value in values[:width]]


def _cell(value: Any) -> str:
    """As the sheet would show it, without a number format."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return str(value)


def _problems(name: str, titles: list[str], header: bool) -> tuple[Problem, ...]:
    found = []
    if len(titles) > 1:
        what = f"Has {len(titles)} sheets with data; {readable(titles[0])!r} was read."
        found.append(Problem(where=name, what=what, advice="Move another to the front to read that."))
    if not header:
        what = "The first row looks like data, so it was kept and the columns are called column_1, column_2 and so on."
        found.append(Problem(where=name, what=what, advice="If it is a header, name the columns text and label."))
    return tuple(found)
