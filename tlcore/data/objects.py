"""Tables as JSON: a list of objects, an object that holds one, columns of equal length, or an object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from tlcore.data.encodings import find_encoding
from tlcore.data.grid import Grid
from tlcore.data.limits import Limits
from tlcore.data.names import readable
from tlcore.data.problems import Findings
from tlcore.data.records import MAX_LINE_CHARS, Record
from tlcore.errors import DataError

__all__ = ["read_object_lines", "read_objects"]

INSPECTED_ROWS = 1_000
MAX_COLUMNS = 512
MAX_NAME_CHARS = 80
WHOLE_SHARE = 4
"""A JSON file is parsed whole, so it may have this part of the bytes of a table."""
NOT_AN_OBJECT = ("not an object with names and values", 'Write {"text": ..., "label": ...}.')
SHAPE = 'a list like [{"text": "...", "label": "..."}, ...] is expected, or one object a line'


def read_objects(path: Path, limits: Limits) -> Grid:
    """A JSON file; one with an object a line is read as such, whatever it is called.

    Raises:
        DataError: no JSON, or no table in it.
    """
    name, encoding = readable(path.name), find_encoding(path, limits)
    if path.stat().st_size > limits.max_table_bytes // WHOLE_SHARE:
        raise DataError(f"{name} is too large to be parsed whole; write it with one object a line, as .jsonl.")
    try:
        found = json.loads(path.read_text(encoding=encoding.name, errors="replace"))
    except (ValueError, RecursionError) as error:
        if "Extra data" in str(error):
            return read_object_lines(path, limits)
        where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "far too deep"
        raise DataError(f"{name} is no JSON that can be read ({where}); {SHAPE}.") from error
    objects = _objects(found, name)
    names, written = _names(objects[:INSPECTED_ROWS], name, limits.min_columns)

    def rows(findings: Findings) -> Iterator[Record]:
        return _rows(enumerate(objects, start=1), written, findings, "item")

    return Grid(columns=names, header=True, unit="item", n_rows=len(objects), rows=rows, encoding=encoding.name)


def read_object_lines(path: Path, limits: Limits) -> Grid:
    """A file with one JSON object a line, read line by line.

    Raises:
        DataError: no line is an object.
    """
    encoding = find_encoding(path, limits)

    def objects(findings: Findings) -> Iterator[tuple[int, Any]]:
        return _parsed(path, encoding.name, findings)

    sample = [one for _, one in islice(objects(Findings()), INSPECTED_ROWS)]
    names, written = _names(sample, readable(path.name), limits.min_columns)
    return Grid(
        columns=names,
        header=True,
        unit="line",
        n_rows=encoding.n_lines,
        rows=lambda findings: _rows(objects(findings), written, findings, "line"),
        encoding=encoding.name,
        problems=(encoding.problem,) if encoding.problem else (),
    )


def _objects(found: Any, name: str) -> Sequence[Any]:
    """The records, wherever they lie."""
    if isinstance(found, Mapping):
        lists = {key: value for key, value in found.items() if isinstance(value, list)}
        nested = [value for value in lists.values() if any(isinstance(one, Mapping) for one in value[:10])]
        if nested:
            return nested[0]
        if len(lists) > 1 and len({len(value) for value in lists.values()}) == 1:
            return [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]
    if not isinstance(found, list):
        raise DataError(f"{name} holds no list of objects; {SHAPE}.")
    return found


def _names(objects: Sequence[Any], name: str, least: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns as they are shown, and as they are written."""
    written = dict.fromkeys(key for one in objects if isinstance(one, Mapping) for key in islice(one, MAX_COLUMNS))
    if len(written) < least:
        raise DataError(f"{name} has no objects with two values, a text and a label; {SHAPE}.")
    keys = tuple(islice(written, MAX_COLUMNS))
    shown: list[str] = []
    for place, key in enumerate(keys, start=1):
        called = readable(key)[:MAX_NAME_CHARS] or f"column_{place}"
        shown.append(called if called not in shown else f"{called}_{place}")
    return tuple(shown), keys


def _parsed(path: Path, encoding: str, findings: Findings) -> Iterator[tuple[int, Any]]:
    with path.open(encoding=encoding, errors="replace", newline="\n") as file:
        number = 0
        while line := file.readline(MAX_LINE_CHARS):
            number += 1
            if len(line) == MAX_LINE_CHARS and not line.endswith("\n"):
                findings.leave_out(f"line {number}", "a line far too long", "Shorten its texts.")
                while (rest := file.readline(MAX_LINE_CHARS)) and not rest.endswith("\n"):
                    continue
            elif line.strip():
                try:
                    yield number, json.loads(line)
                except (ValueError, RecursionError):
                    findings.leave_out(f"line {number}", "no JSON that can be read", "Write one object on each line.")


def _rows(objects: Iterator[tuple[int, Any]], keys: Sequence[str], findings: Findings, unit: str) -> Iterator[Record]:
    for number, one in objects:
        if isinstance(one, Mapping):
            yield number, [_cell(one.get(key)) for key in keys]
        else:
            findings.leave_out(f"{unit} {number}", *NOT_AN_OBJECT)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode("utf-8")  # JSON may escape halves of characters
