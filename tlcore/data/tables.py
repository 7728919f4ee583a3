"""Texts and labels in tables of any format."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tlcore.data.columns import SPLIT_NAMES, Columns, guess_columns
from tlcore.data.grid import open_grid
from tlcore.data.limits import Limits
from tlcore.data.names import class_name, readable
from tlcore.data.problems import Findings, Problem
from tlcore.data.selection import Item
from tlcore.data.splits import Split
from tlcore.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MAX_GROUP_CHARS", "Table", "checked_columns", "inspect_table", "read_table", "split_of"]

INSPECTED_ROWS = 1_000
PREVIEW_ROWS = 20
PREVIEW_CHARS = 500
REPORT_EVERY = 1_000
MOST_DISTINCT = 0.5
"""Share of different labels above which a column is rather an id or the text."""
FEW_ROWS = 10
"""Tables with fewer rows are not judged by that share."""
MAX_GROUP_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What the first thousand rows of a table look like."""

    columns: tuple[str, ...]
    """Names, distinct; `column_1`, `column_2`, ... where the file has none."""
    header: bool
    """Whether the file names its columns."""
    delimiter: str
    """One character; empty where the format has none."""
    encoding: str
    """As Python calls it; empty where the format leaves no choice."""
    n_lines: int
    """Of the file, about."""
    text: str
    """The column that seems to hold the texts, or images' file names."""
    label: str
    """The column that seems to hold the labels."""
    split: str = ""
    """The column that says train, val or test, if any."""
    group: str = ""
    """The column that says what belongs together, if any."""
    preview: pd.DataFrame
    """The first 20 rows, long cells cut."""
    problems: tuple[Problem, ...]
    """What was noticed about the file as a whole."""

    @property
    def guess(self) -> Columns:
        """The columns as they seem to be."""
        return Columns(text=self.text, label=self.label, split=self.split, group=self.group)


def inspect_table(path: Path, limits: Limits = Limits()) -> Table:
    """Find out how a table is written and which columns matter.

    Raises:
        DataError: empty, no table, or a single column.
    """
    import pandas as pd

    grid = open_grid(path, limits)
    data = [cells for _, cells in islice(grid.rows(Findings()), INSPECTED_ROWS)]
    if not data:
        raise DataError(f"{readable(path.name)} has no rows below its first line; export it again with its data.")
    columns, width = guess_columns(grid.columns, data), len(grid.columns)
    shown = [[cell[:PREVIEW_CHARS] for cell in row[:width]] for row in data if len(row) <= width][:PREVIEW_ROWS]
    return Table(
        columns=grid.columns,
        header=grid.header,
        delimiter=grid.delimiter,
        encoding=grid.encoding,
        n_lines=grid.n_rows,
        text=columns.text,
        label=columns.label,
        split=columns.split,
        group=columns.group,
        preview=pd.DataFrame([row + [""] * (width - len(row)) for row in shown], columns=list(grid.columns)),
        problems=grid.problems,
    )


def read_table(
    path: Path,
    columns: Columns | None,
    limits: Limits,
    findings: Findings,
    progress: Callable[[int, int], None],
) -> list[Item]:
    """Every row with a text and a label; the others go to the findings by their number.

    Raises:
        DataError: as `inspect_table`, or the columns are not there, or the labels are no classes.
    """
    table, grid = inspect_table(path, limits), open_grid(path, limits)
    for problem in table.problems:
        findings.note(problem.where, problem.what, problem.advice)
    columns = checked_columns(columns, table, path)
    row = _Row(table, columns, grid.unit, limits, findings)
    items, n_chars = [], 0
    for count, (number, cells) in enumerate(grid.rows(findings), start=1):
        if count > limits.max_rows or n_chars > limits.max_table_bytes:
            raise DataError(
                f"{readable(path.name)} has more than {limits.max_rows:,} rows or {limits.max_table_bytes:,} "
                "characters of text; divide it."
            )
        item = row.item(number, cells)
        if item is not None:
            items.append(item)
            n_chars += len(item.sample)
        if number % REPORT_EVERY == 0:
            progress(min(number, table.n_lines - 1), table.n_lines)
    _check_labels(items, columns.label, path)
    progress(table.n_lines, table.n_lines)
    return items


def checked_columns(columns: Columns | None, table: Table, path: Path) -> Columns:
    """The columns to read, or the guess; those that are not there or taken twice are refused.

    Raises:
        DataError: which, and what there is.
    """
    columns = columns or table.guess
    named = [name for name in (columns.text, columns.label, columns.split, columns.group) if name]
    for name in named:
        if name not in table.columns:
            raise DataError(f"{readable(path.name)} has no column {name!r}; it has {', '.join(table.columns)}.")
    if columns.text == columns.label:
        raise DataError(f"The column {columns.text!r} cannot be both the text and the label; choose two columns.")
    if columns.split and columns.split in (columns.text, columns.label, columns.group):
        raise DataError(f"The column {columns.split!r} cannot be the split and something else; choose another.")
    return columns


def split_of(cell: str) -> tuple[Split | None, tuple[str, str] | None]:
    """The split that a cell names, or why it names none."""
    split = SPLIT_NAMES.get(cell.strip().lower())
    if split is None:
        return None, ("its split is none of train, val and test", "Write one of them, or choose no split column.")
    return split, None


class _Row:
    """Judges one row after the other."""

    def __init__(self, table: Table, columns: Columns, unit: str, limits: Limits, findings: Findings) -> None:
        self._text, self._label = table.columns.index(columns.text), table.columns.index(columns.label)
        self._split = table.columns.index(columns.split) if columns.split else None
        self._group = table.columns.index(columns.group) if columns.group else None
        self._width, self._unit, self._limits, self._findings = len(table.columns), unit, limits, findings

    def item(self, number: int, cells: list[str]) -> Item | None:
        """The sample of this row, or None where it is unusable."""
        split, fault = None, self._fault(cells)
        if fault is None and self._split is not None:
            split, fault = split_of(_cell(cells, self._split))
        if fault is None:
            text, label = cells[self._text].strip(), class_name(cells[self._label])
            digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
            item = Item(label=label, digest=digest, sample=text, origin=f"{self._unit} {number}", split=split)
            group = readable(_cell(cells, self._group))[:MAX_GROUP_CHARS]
            return replace(item, group=group) if group else item
        self._findings.leave_out(f"{self._unit} {number}", *fault)
        return None

    def _fault(self, cells: list[str]) -> tuple[str, str] | None:
        if any(cell.strip() for cell in cells[self._width :]) or len(cells) <= max(self._text, self._label):
            return f"not the {self._width} fields of the first line", "Put texts that hold the separator in quotes."
        if not cells[self._text].strip():
            return "the text is empty", f"Write one, or delete the {self._unit}."
        if not class_name(cells[self._label]):
            return "the label is empty", f"Write one, or delete the {self._unit}."
        if len(cells[self._text]) > self._limits.max_text_chars:
            return f"the text has more than {self._limits.max_text_chars:,} characters", "Shorten it."
        return None


def _cell(cells: list[str], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""


def _check_labels(items: list[Item], column: str, path: Path) -> None:
    n_labels = len({item.label for item in items})
    if len(items) >= FEW_ROWS and n_labels > MOST_DISTINCT * len(items):
        raise DataError(
            f"The label column {column!r} of {readable(path.name)} has {n_labels:,} different values in {len(items):,} "
            "rows, so it is probably the text or an id; choose another label column."
        )
