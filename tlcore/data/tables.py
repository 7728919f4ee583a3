"""Texts and labels in csv and tsv files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tlcore.data.columns import Columns, guess_columns, read_heading
from tlcore.data.encodings import find_encoding
from tlcore.data.limits import Limits
from tlcore.data.names import class_name, readable
from tlcore.data.problems import Findings, Problem
from tlcore.data.records import delimiter_of, records
from tlcore.data.selection import Item
from tlcore.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Table", "inspect_table", "read_table"]

INSPECTED_ROWS = 1_000
PREVIEW_ROWS = 20
PREVIEW_CHARS = 500
REPORT_EVERY = 1_000
USUAL_DELIMITERS = (",", ";", "\t")
MOST_DISTINCT = 0.5
"""Share of different labels above which a column is rather an id or the text."""
FEW_ROWS = 10
"""Tables with fewer rows are not judged by that share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What the first thousand rows of a table look like."""

    columns: tuple[str, ...]
    """Names, distinct; `column_1`, `column_2`, ... where the file has none."""
    header: bool
    """Whether the first line holds the names."""
    delimiter: str
    """One character."""
    encoding: str
    """As Python calls it."""
    n_lines: int
    """Of the file, about."""
    text: str
    """The column that seems to hold the texts."""
    label: str
    """The column that seems to hold the labels."""
    preview: pd.DataFrame
    """The first 20 rows, long cells cut."""
    problems: tuple[Problem, ...]
    """What was noticed about the file as a whole."""


def inspect_table(path: Path, limits: Limits = Limits()) -> Table:
    """Find out how a csv or tsv file is written and which columns matter.

    Raises:
        DataError: empty, not a text, or a single column.
    """
    import pandas as pd

    encoding = find_encoding(path, limits)
    delimiter = delimiter_of(path, encoding.name)
    rows = [cells for _, cells in islice(records(path, encoding.name, delimiter, Findings()), INSPECTED_ROWS)]
    heading = read_heading(rows)
    data = rows[1:] if heading.written else rows
    if not data:
        raise DataError(f"{readable(path.name)} has no rows below its first line; export it again with its data.")
    columns, width = guess_columns(heading.names, data), len(heading.names)
    shown = [[cell[:PREVIEW_CHARS] for cell in row[:width]] for row in data if len(row) <= width][:PREVIEW_ROWS]
    problems = _problems(readable(path.name), delimiter, heading.written)
    return Table(
        columns=heading.names,
        header=heading.written,
        delimiter=delimiter,
        encoding=encoding.name,
        n_lines=encoding.n_lines,
        text=columns.text,
        label=columns.label,
        preview=pd.DataFrame([row + [""] * (width - len(row)) for row in shown], columns=list(heading.names)),
        problems=((encoding.problem,) if encoding.problem else ()) + problems,
    )


def read_table(
    path: Path,
    columns: Columns | None,
    limits: Limits,
    findings: Findings,
    progress: Callable[[int, int], None],
) -> list[Item]:
    """Every row with a text and a label; the others go to the findings by their line.

    Raises:
        DataError: as `inspect_table`, or the columns are not there, or the labels are no classes.
    """
    table = inspect_table(path, limits)
    for problem in table.problems:
        findings.note(problem.where, problem.what, problem.advice)
    columns = _checked(columns, table, path)
    row = _Row(table, columns, limits, findings)
    rows = records(path, table.encoding, table.delimiter, findings)
    items = []
    for line, cells in islice(rows, int(table.header), None):
        item = row.item(line, cells)
        if item is not None:
            items.append(item)
        if line % REPORT_EVERY == 0:
            progress(min(line, table.n_lines - 1), table.n_lines)
    _check_labels(items, columns.label, path)
    progress(table.n_lines, table.n_lines)
    return items


class _Row:
    """Judges one row after the other."""

    def __init__(self, table: Table, columns: Columns, limits: Limits, findings: Findings) -> None:
        self._text, self._label = table.columns.index(columns.text), table.columns.index(columns.label)
        self._width, self._limits, self._findings = len(table.columns), limits, findings

    def item(self, line: int, cells: list[str]) -> Item | None:
        """The sample of this row, or None where it is unusable."""
        fault = self._fault(cells)
        if fault is None:
            text, label = cells[self._text].strip(), class_name(cells[self._label])
            digest = hashlib.sha256(text.encode()).hexdigest()[:32]
            return Item(label=label, digest=digest, sample=text, origin=f"line {line}", split=None)
        self._findings.leave_out(f"line {line}", *fault)
        return None

    def _fault(self, cells: list[str]) -> tuple[str, str] | None:
        if any(cell.strip() for cell in cells[self._width :]) or len(cells) <= max(self._text, self._label):
            return f"not the {self._width} fields of the first line", "Put texts that hold the separator in quotes."
        if not cells[self._text].strip():
            return "the text is empty", "Write one, or delete the line."
        if not class_name(cells[self._label]):
            return "the label is empty", "Write one, or delete the line."
        if len(cells[self._text]) > self._limits.max_text_chars:
            return f"the text has more than {self._limits.max_text_chars:,} characters", "Shorten it."
        return None


def _checked(columns: Columns | None, table: Table, path: Path) -> Columns:
    columns = columns or Columns(text=table.text, label=table.label)
    for name in (columns.text, columns.label):
        if name not in table.columns:
            raise DataError(f"{readable(path.name)} has no column {name!r}; it has {', '.join(table.columns)}.")
    if columns.text == columns.label:
        raise DataError(f"The column {columns.text!r} cannot be both the text and the label; choose two columns.")
    return columns


def _check_labels(items: list[Item], column: str, path: Path) -> None:
    n_labels = len({item.label for item in items})
    if len(items) >= FEW_ROWS and n_labels > MOST_DISTINCT * len(items):
        raise DataError(
            f"The label column {column!r} of {readable(path.name)} has {n_labels:,} different values in {len(items):,} "
            "rows, so it is probably the text or an id; choose another label column."
        )


def _problems(name: str, delimiter: str, header: bool) -> tuple[Problem, ...]:
    found = []
    if not header:
        what = "The first line looks like data, so it was kept and the columns are called column_1, column_2 and so on."
        found.append(Problem(where=name, what=what, advice="If it is a header, name the columns text and label."))
    if delimiter not in USUAL_DELIMITERS:
        what = f"Fields are divided by {delimiter}, which is unusual."
        found.append(Problem(where=name, what=what, advice="Check the preview."))
    return tuple(found)
