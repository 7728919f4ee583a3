"""Samples that nobody has labelled: what is brought to a trained model, one at a time."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import islice
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from tlcore.data.columns import guess_columns, read_heading
from tlcore.data.dataset import Modality
from tlcore.data.delimited import INSPECTED_ROWS
from tlcore.data.encodings import find_encoding
from tlcore.data.grid import is_table, open_grid
from tlcore.data.images import decode_image
from tlcore.data.layout import looks_like_image
from tlcore.data.limits import Limits
from tlcore.data.names import readable
from tlcore.data.opening import opened
from tlcore.data.problems import Findings, Rejected
from tlcore.data.records import delimiter_of, records
from tlcore.data.sources import Entry, FilesSource, Source
from tlcore.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Offered", "images", "offered", "texts"]

NO_DELIMITER = "\x1f"
"""Stands in texts no more; a file of one column is read as if divided by it."""
DELIMITED = (".csv", ".tsv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """One sample, or why it cannot be read."""

    name: str
    """Where it is found, as it can be shown: a file, or a file and the number of a line."""
    sample: Image | str | None
    """An RGB image or a text; None where it cannot be used."""
    problem: str = ""
    """A sentence, where there is no sample."""
    column: str = ""
    """The column of a table that has the text; empty where there are no columns."""

    @property
    def refusal(self) -> str:
        """The problem, with the name of what has it."""
        name = PurePath(self.name).name
        return self.problem if len(name) > 1 and name in self.problem else f"{self.name}: {self.problem}"


def offered(
    path: Path, modality: Modality, spool: Path, limits: Limits = Limits(), *, column: str = ""
) -> Iterator[Offered]:
    """All samples of a file, folder or archive, one after the other; those that cannot be read say so.

    Args:
        spool: Where what must be unpacked lies until the end.
        column: Which of a table's columns has the texts; guessed without.

    Raises:
        DataError: nothing of it can be read.
    """
    if not path.exists():
        raise DataError(f"There is no file or folder {readable(str(path))}.")
    return images([path], spool, limits) if modality == "image" else texts(path, limits, column=column)


def images(paths: Sequence[Path], spool: Path, limits: Limits = Limits()) -> Iterator[Offered]:
    """The images in files, folders, zips and tars, decoded as training decodes them.

    Raises:
        DataError: one is damaged, or beyond the limits.
    """
    for path in paths:
        if path.is_dir() or _is_archive(path):
            with opened([path], limits, spool) as source:
                yield from _from_source(source, limits)
        elif is_table(path.name):
            yield _refused(path.name, f"{readable(path.name)} is a table, and this model reads images.")
        else:
            yield from _from_source(FilesSource([path]), limits, every=True)


def texts(path: Path, limits: Limits = Limits(), *, column: str = "") -> Iterator[Offered]:
    """The texts of a table, or the lines of a `.txt` file, by the number of each; or of all such files of a folder.

    Raises:
        DataError: no table, empty, damaged, beyond the limits, or without that column.
    """
    name = readable(path.name)
    if path.is_dir():
        for file in sorted(one for one in path.rglob("*") if one.is_file() and is_table(one.name)):
            yield from texts(file, limits, column=column)
        return
    findings, n_chars = Findings(), 0
    for count, (number, text, taken) in enumerate(_cells(path, limits, findings, column), start=1):
        n_chars += len(text)
        if count > limits.max_rows or n_chars > limits.max_table_bytes:
            raise DataError(f"{name} has more than {limits.max_rows:,} rows or too much text; divide it.")
        yield replace(_text(f"{name}:{number}", text, limits), column=taken)
    for where, why in findings.left_out():
        yield _refused(f"{name}: {where}", f"{name}: {where} cannot be read: {why}.")


def _text(name: str, text: str, limits: Limits) -> Offered:
    if not text.strip():
        return _refused(name, "The text is empty.")
    if len(text) > limits.max_text_chars:
        return _refused(name, f"The text has {len(text):,} characters, {limits.max_text_chars:,} are allowed; cut it.")
    return Offered(name=name, sample=text)


def _cells(path: Path, limits: Limits, findings: Findings, column: str) -> Iterator[tuple[int, str, str]]:
    """(number, text, column it is taken from) of each row."""
    suffix = path.suffix.lower()
    if suffix == ".txt":
        yield from ((number, text, "") for number, text in _lines(path, limits))
        return
    if suffix in DELIMITED and _is_single(path, limits):
        yield from ((number, text, "") for number, text in _single(path, limits, findings))
        return
    grid = open_grid(path, replace(limits, min_columns=1))
    sample = [cells for _, cells in islice(grid.rows(Findings()), INSPECTED_ROWS)]
    if column and column not in grid.columns:
        raise DataError(f"{readable(path.name)} has no column {column!r}; it has {', '.join(grid.columns)}.")
    one = len(grid.columns) == 1
    place = grid.columns.index(column or (grid.columns[0] if one else guess_columns(grid.columns, sample).text))
    for number, cells in grid.rows(findings):
        yield number, cells[place] if place < len(cells) else "", grid.columns[place]


def _is_single(path: Path, limits: Limits) -> bool:
    """Texts alone, which a table to train from could not be."""
    if not path.stat().st_size or path.stat().st_size > limits.max_table_bytes:
        return False
    try:
        delimiter_of(path, find_encoding(path, limits).name)
    except DataError as error:
        return "one column" in str(error)
    return False


def _single(path: Path, limits: Limits, findings: Findings) -> Iterator[tuple[int, str]]:
    encoding = find_encoding(path, limits).name
    sample = [cells for _, cells in islice(records(path, encoding, NO_DELIMITER, Findings()), INSPECTED_ROWS)]
    written = read_heading(sample).written
    for number, cells in islice(records(path, encoding, NO_DELIMITER, findings), int(written), None):
        yield number, cells[0]


def _lines(path: Path, limits: Limits) -> Iterator[tuple[int, str]]:
    if path.stat().st_size > limits.max_table_bytes:
        raise DataError(f"{readable(path.name)} has more than {limits.max_table_bytes:,} bytes; divide it.")
    with path.open(encoding=find_encoding(path, limits).name, errors="replace") as file:
        yield from ((number, line.strip()) for number, line in enumerate(file, start=1) if line.strip())


def _is_archive(path: Path) -> bool:
    if looks_like_image(path.name) or is_table(path.name):
        return False
    return path.suffix.lower() == ".zip" or zipfile.is_zipfile(path) or tarfile.is_tarfile(path)


def _from_source(source: Source, limits: Limits, *, every: bool = False) -> Iterator[Offered]:
    findings = Findings()
    for entry in source.entries(limits, findings):
        if every or looks_like_image(entry.path):
            yield _image(source, entry, limits)
    for where, why in findings.left_out():
        yield _refused(where, f"{where} is left out: {why}.")


def _image(source: Source, entry: Entry, limits: Limits) -> Offered:
    try:
        data = BytesIO(source.read(entry, limits.max_file_bytes))
        data.name = readable(entry.origin)
        return Offered(name=entry.origin, sample=decode_image(data, limits))
    except Rejected as rejected:
        return _refused(entry.origin, f"{entry.origin}: {rejected.reason}. {rejected.advice}")
    except DataError as error:
        return _refused(entry.origin, str(error))


def _refused(name: str, problem: str) -> Offered:
    return Offered(name=readable(name), sample=None, problem=problem)
