"""Rows for people or for programs."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.table import Table

__all__ = ["print_rows"]


def print_rows(rows: list[dict[str, Any]], as_json: bool, *, empty: str = "Nothing yet.") -> None:
    """A JSON object a line, or a table whose columns fit their values; `empty` is said of none."""
    if as_json:
        for row in rows:
            print(json.dumps(row))
        return
    if not rows:
        print(empty)
        return
    table = Table(box=None, pad_edge=False)
    for name in rows[0]:
        table.add_column(name, no_wrap=True)
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    needed = Console(width=1000).measure(table).maximum
    Console(width=max(Console().width, needed), soft_wrap=True).print(table)


def _cell(value: object) -> str:
    from rich.markup import escape

    if value is None:
        return "-"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else escape(str(value))
