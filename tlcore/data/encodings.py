"""Which letters the bytes of a text file stand for."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from tlcore.data.limits import Limits
from tlcore.data.names import readable
from tlcore.data.problems import Problem
from tlcore.errors import DataError

__all__ = ["TextEncoding", "find_encoding"]

CHUNK = 2**20
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Longest first: the mark of UTF-32 begins with that of UTF-16."""
FALLBACK = "cp1252"
NUL_SHARE = 0.05
BINARY = {
    b"PK\x03\x04": "an Excel workbook or a zip", b"\xd0\xcf\x11\xe0": "an old Excel workbook", b"%PDF": "a PDF",
    b"\x89PNG": "an image", b"\xff\xd8\xff": "an image", b"PAR1": "a Parquet file", b"\x1f\x8b": "a gzip archive",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEncoding:
    """How to read a file as text."""

    name: str
    """As `open` takes it."""
    n_lines: int
    """Line breaks plus one; an estimate where the encoding has several bytes a character."""
    problem: Problem | None = None
    """Where the file is not UTF-8."""


def find_encoding(path: Path, limits: Limits) -> TextEncoding:
    """Read the whole file once, in chunks: its byte order mark, else UTF-8, else Windows-1252.

    Raises:
        DataError: empty, too large, or not a text at all.
    """
    name, size = readable(path.name), path.stat().st_size
    if size == 0:
        raise DataError(f"{name} is empty (0 bytes); export it again.")
    if size > limits.max_table_bytes:
        raise DataError(f"{name} has {size:,} bytes, {limits.max_table_bytes:,} are allowed; divide it.")
    with path.open("rb") as file:
        start = file.read(2**16)
    _check_text(start, name)
    mark = next((encoding for bom, encoding in MARKS if start.startswith(bom)), None)
    n_lines, wrong = _scan(path, mark or "utf-8")
    if wrong is None:
        return TextEncoding(name=mark or "utf-8", n_lines=n_lines)
    if mark is None:
        return TextEncoding(
            name=FALLBACK, n_lines=n_lines, problem=_problem(name, wrong, "it was read as Windows-1252")
        )
    if mark == "utf-8-sig":
        return TextEncoding(
            name=mark, n_lines=n_lines, problem=_problem(name, wrong, "\N{REPLACEMENT CHARACTER} stands there")
        )
    raise DataError(f"{name} begins like {mark} but is damaged ({wrong}); save it as CSV UTF-8.")


def _problem(name: str, wrong: str, done: str) -> Problem:
    advice = "If letters look wrong, save it as CSV UTF-8 and upload it again."
    return Problem(where=name, what=f"Not UTF-8 ({wrong}), so {done}.", advice=advice)


def _check_text(start: bytes, name: str) -> None:
    for magic, kind in BINARY.items():
        if start.startswith(magic):
            raise DataError(f"{name} is {kind}, not a table of text; save it as CSV UTF-8.")
    marked = any(start.startswith(bom) for bom, _ in MARKS)
    if not marked and start.count(0) > NUL_SHARE * len(start):
        raise DataError(f"{name} is UTF-16 without its mark, or no text at all; save it as CSV UTF-8.")


def _scan(path: Path, encoding: str) -> tuple[int, str | None]:
    """The number of lines, and where the first byte is that does not fit."""
    decoder = codecs.getincrementaldecoder(encoding)()
    n_lines, read, wrong = 1, 0, None
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            try:
                if wrong is None:
                    decoder.decode(chunk, final=len(chunk) < CHUNK)
            except UnicodeDecodeError as error:
                at = len(chunk) - (len(error.object) - error.start)
                line = n_lines + chunk[: max(0, at)].count(b"\n")
                wrong = f"line {line}, byte {read + at + 1} of the file, 0x{error.object[error.start]:02X}"
            n_lines += chunk.count(b"\n")
            read += len(chunk)
    return n_lines, wrong
