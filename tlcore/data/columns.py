"""Which column holds the texts, which the labels, and whether the first line names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tlcore.data.names import readable

__all__ = ["Columns", "Heading", "guess_columns", "read_heading"]

TEXT_NAMES = frozenset(
    {"text", "texts", "sentence", "message", "messages", "review", "comment", "content", "body", "title"}
    | {"description", "tweet", "document", "utterance"}
)
LABEL_NAMES = frozenset(
    {"label", "labels", "class", "classes", "category", "target", "sentiment", "topic", "intent", "tag", "y"}
    | {"rating", "stars", "language", "lang"}
)
"""Usual names, in lower case."""
MAX_NAME_CHARS = 40
MAX_NAME_WORDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The two columns of a table that are learned from."""

    text: str
    """The name of the column of texts."""
    label: str
    """The name of the column of labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What the columns are called."""

    names: tuple[str, ...]
    """Distinct and not empty; `column_1`, `column_2`, ... where the file does not say."""
    written: bool
    """Whether the first line holds the names."""


def read_heading(rows: Sequence[Sequence[str]]) -> Heading:
    """The names in the first of the rows, unless that looks like data."""
    written = _names_columns(rows[0], rows[1:])
    raw = [readable(cell)[:MAX_NAME_CHARS] if written else "" for cell in rows[0]]
    names: list[str] = []
    for place, name in enumerate(raw, start=1):
        name = name or f"column_{place}"
        while name in names:
            name = f"{name}_{place}"
        names.append(name)
    return Heading(names=tuple(names), written=written)


def guess_columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Columns:
    """By name where one is usual; else the longest texts, and the values that recur most among the rest."""
    cells = [[row[place].strip() if place < len(row) else "" for row in rows] for place in range(len(names))]
    lengths = [sum(map(len, column)) / max(1, len(column)) for column in cells]
    distinct = [len(set(column) - {""}) / max(1, len(column)) for column in cells]
    label_like = [name.lower() in LABEL_NAMES for name in names]
    text_like = [name.lower() in TEXT_NAMES for name in names]
    places = range(len(names))
    text = max(places, key=lambda place: (text_like[place], not label_like[place], lengths[place]))
    others = [place for place in places if place != text]
    label = max(others, key=lambda place: (label_like[place], _recurs(distinct[place], cells[place]), -distinct[place]))
    return Columns(text=names[text], label=names[label])


def _recurs(distinct: float, column: Sequence[str]) -> bool:
    return distinct <= 0.5 and len(set(column) - {""}) > 1


def _names_columns(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    cells = [cell.strip() for cell in first]
    if any(cell.lower() in TEXT_NAMES | LABEL_NAMES for cell in cells):
        return True
    if any(len(cell) > MAX_NAME_CHARS or len(cell.split()) > MAX_NAME_WORDS or _is_number(cell) for cell in cells):
        return False
    return not any(_recurring(cell, place, rest) for place, cell in enumerate(cells) if cell)


def _recurring(cell: str, place: int, rest: Sequence[Sequence[str]]) -> bool:
    return any(place < len(row) and row[place].strip() == cell for row in rest)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
