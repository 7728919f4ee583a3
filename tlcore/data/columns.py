"""Which column holds the texts or file names, which the labels, and whether the first line names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tlcore.data.names import readable
from tlcore.data.splits import Split

__all__ = ["SPLIT_NAMES", "Columns", "Heading", "guess_columns", "read_heading"]

TEXT_NAMES = frozenset(
    {"text", "texts", "sentence", "message", "messages", "review", "comment", "content", "body", "title"}
    | {"description", "tweet", "document", "utterance"}
)
LABEL_NAMES = frozenset(
    {"label", "labels", "class", "classes", "category", "target", "sentiment", "topic", "intent", "tag", "y"}
    | {"rating", "stars", "language", "lang"}
)
"""Usual names, in lower case."""
SPLIT_COLUMNS = frozenset({"split", "set", "subset", "partition", "fold", "usage", "phase"})
GROUP_COLUMNS = frozenset(
    {"group", "patient", "subject", "user", "session", "speaker", "author", "module", "case", "site", "study"}
)
"""Usual names, in lower case; the latter also with `id` behind them."""
SPLIT_NAMES: dict[str, Split] = {
    "train": "train", "training": "train",
    "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test",
}  # fmt: skip
"""What people call the splits, in lower case."""
MAX_NAME_CHARS = 40
MAX_NAME_WORDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a table that are learned from, by their names."""

    text: str
    """The texts; in a list of images, their file names."""
    label: str
    """The labels."""
    split: str = ""
    """Which split a row belongs to: train, val or test; empty where there is no such column."""
    group: str = ""
    """What a row must not be parted from, a patient for example; empty where there is no such column."""


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
    others = [place for place in others if place != label]
    return Columns(text=names[text], label=names[label], **_extra(names, cells, others))


def _extra(names: Sequence[str], cells: Sequence[Sequence[str]], places: Sequence[int]) -> dict[str, str]:
    """The columns of splits and groups, taken only where their names say so and their values fit."""
    split = [p for p in places if names[p].lower() in SPLIT_COLUMNS and _are_splits(cells[p])]
    group = [p for p in places if _plain(names[p]) in GROUP_COLUMNS and len(set(cells[p])) < len(cells[p])]
    return {kind: names[found[0]] for kind, found in (("split", split), ("group", group)) if found}


def _are_splits(column: Sequence[str]) -> bool:
    return bool(column) and all(cell.lower() in SPLIT_NAMES for cell in column)


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").removesuffix("id").removesuffix("_")


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
