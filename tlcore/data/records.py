"""The rows of a csv file with the line each begins on, and what spoils some of them."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

from tlcore.data.names import readable
from tlcore.data.problems import Findings
from tlcore.errors import DataError

__all__ = ["Record", "delimiter_of", "records"]

Record = tuple[int, list[str]]
DELIMITERS = (",", ";", "\t", "|")
SNIFFED_ROWS = 200
MAX_LINE_CHARS = 1_000_000
MAX_FIELD_CHARS = 131_000
"""The csv module refuses fields of 131,072 characters."""
MAX_RECORD_LINES = 5_000
MAX_UNCLOSED = 50
UNCLOSED = "a quote opens here and is not closed"


class _UnclosedQuote(Exception):
    """The current record does not end where any record should have."""


def records(path: Path, encoding: str, delimiter: str, findings: Findings) -> Iterator[Record]:
    """(line from 1, cells) of each row. Empty lines are passed over; what cannot be read goes to the findings.

    Raises:
        DataError: so many quotes are not closed that it cannot be a csv file with quotes.
    """
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        lines = _Lines(file, findings)
        n_unclosed = 0
        while True:
            try:
                yield from _rows(lines, delimiter, findings)
                return
            except _UnclosedQuote:
                n_unclosed += 1
                findings.leave_out(f"line {lines.begun}", UNCLOSED, "Close it, or write a quote within a text twice.")
            if n_unclosed > MAX_UNCLOSED:
                raise DataError(
                    f"{readable(path.name)} has more than {MAX_UNCLOSED} quotes that are not closed, the last in line "
                    f"{lines.begun}; export it as CSV UTF-8 with texts in quotes."
                )
            lines.give_back()


def delimiter_of(path: Path, encoding: str) -> str:
    """The separator under which most rows are as wide as the first, and at least two columns wide.

    Raises:
        DataError: no separator makes two columns.
    """
    order = DELIMITERS if path.suffix.lower() != ".tsv" else ("\t", ",", ";", "|")
    shares = {delimiter: _regularity(path, encoding, delimiter) for delimiter in order}
    best = max(shares, key=lambda delimiter: shares[delimiter])
    if shares[best] == 0:
        raise DataError(
            f"{readable(path.name)} has one column only, whether it is divided at comma, semicolon, tab or |; "
            "save it as csv with a column of texts and a column of labels."
        )
    return best


def _regularity(path: Path, encoding: str, delimiter: str) -> float:
    try:
        widths = [len(cells) for _, cells in islice(records(path, encoding, delimiter, Findings()), SNIFFED_ROWS)]
    except DataError:
        return 0.0
    if not widths or widths[0] < 2:
        return 0.0
    return sum(width == widths[0] for width in widths) / len(widths)


def _rows(lines: _Lines, delimiter: str, findings: Findings) -> Iterator[Record]:
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            findings.leave_out(f"line {lines.begun}", "a field is far too long", "Shorten it.")
            continue
        if len(cells) > 1 or any(cell.strip() for cell in cells):
            yield lines.begun, cells


class _Lines:
    """Feeds lines to the csv reader; knows where a record began and can give it back."""

    def __init__(self, file: TextIO, findings: Findings) -> None:
        self._source = _lines(file, findings)
        self._returned: deque[str] = deque()
        self._held: list[str] = []
        self._n_chars = 0
        self._number = 0
        self.begun = 1

    def begin(self) -> None:
        """The next line begins a record."""
        self._held, self._n_chars, self.begun = [], 0, self._number + 1

    def give_back(self) -> None:
        """Read the current record again, without its first line."""
        self._returned.extendleft(reversed(self._held[1:]))
        self._number = self.begun

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._source, None)
        if self._held and (line is None or self._is_too_much(line)):
            self._returned.extendleft([line] if line is not None else [])
            raise _UnclosedQuote
        if line is None:
            raise StopIteration
        self._number += 1
        self._held.append(line)
        self._n_chars += len(line)
        return line

    def _is_too_much(self, line: str) -> bool:
        return len(self._held) > MAX_RECORD_LINES or self._n_chars + len(line) > MAX_FIELD_CHARS


def _lines(file: TextIO, findings: Findings) -> Iterator[str]:
    number = 0
    while line := file.readline(MAX_LINE_CHARS):
        number += 1
        if len(line) == MAX_LINE_CHARS and not line.endswith(("\n", "\r")):
            findings.leave_out(f"line {number}", "a line far too long", "Shorten its texts.")
            while (rest := file.readline(MAX_LINE_CHARS)) and not rest.endswith(("\n", "\r")):
                continue
            yield "\n"
            continue
        if "\0" in line:
            findings.note(f"line {number}", "Held NUL characters, which were taken out.", "Export the table again.")
            line = line.replace("\0", "")
        yield line
