"""What is asked once a second of each run that is watched: its row, its newer metrics and its log, in one connection.

The statements are put together once, which costs as much as asking them.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, select

from tlcore.errors import RunError
from tlcore.runs.records import Note, Point, Run
from tlcore.runs.schema import NOTES, POINTS, RUNS

__all__ = ["notes_after", "points_after", "run_row"]


def run_row(connection: Connection, run_id: str) -> Run:
    """The run with its report.

    Raises:
        RunError: there is none of that id.
    """
    row = connection.execute(_RUN, {"run": run_id}).mappings().first()
    if row is None:
        raise RunError(f"There is no run {run_id!r}. `python -m tlcore runs` lists those there are.")
    return Run(**row)


def points_after(connection: Connection, run_id: str, after: int) -> tuple[Point, ...]:
    """The run's metrics with a greater id than `after`, in order."""
    rows = connection.execute(_POINTS, {"run": run_id, "after": after})
    return tuple(Point(**row) for row in rows.mappings())


def notes_after(connection: Connection, run_id: str, after: int) -> tuple[Note, ...]:
    """The run's log lines with a greater id than `after`, in order."""
    rows = connection.execute(_NOTES, {"run": run_id, "after": after})
    return tuple(Note(**row) for row in rows.mappings())


def _newer(table: Table, kind: type[Point] | type[Note]) -> Select[Any]:
    columns = [table.c[field.name] for field in fields(kind)]
    newer = table.c.run == bindparam("run"), table.c.id > bindparam("after")
    return select(*columns).where(*newer).order_by(table.c.id)


_RUN = select(RUNS).where(RUNS.c.id == bindparam("run"))
_POINTS, _NOTES = _newer(POINTS, Point), _newer(NOTES, Note)
