"""Tables whose fields are divided by a character: csv and tsv as people export them."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from tlcore.data.columns import read_heading
from tlcore.data.encodings import find_encoding
from tlcore.data.grid import Grid
from tlcore.data.limits import Limits
from tlcore.data.names import readable
from tlcore.data.problems import Findings, Problem
from tlcore.data.records import delimiter_of, records

__all__ = ["read_delimited"]

INSPECTED_ROWS = 1_000
USUAL_DELIMITERS = (",", ";", "\t")


def read_delimited(path: Path, limits: Limits) -> Grid:
    """Find out how the file is written.

    Raises:
        DataError: empty, not a text, or a single column.
    """
    encoding = find_encoding(path, limits)
    delimiter = delimiter_of(path, encoding.name)
    sample = [cells for _, cells in islice(records(path, encoding.name, delimiter, Findings()), INSPECTED_ROWS)]
    heading = read_heading(sample)
    problems = _problems(readable(path.name), delimiter, heading.written)
    return Grid(
        columns=heading.names,
        header=heading.written,
        unit="line",
        n_rows=encoding.n_lines,
        rows=lambda findings: islice(records(path, encoding.name, delimiter, findings), int(heading.written), None),
        delimiter=delimiter,
        encoding=encoding.name,
        problems=((encoding.problem,) if encoding.problem else ()) + problems,
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
