"""The only thing that worker and pages share: rows in a database."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Engine,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    delete,
    event,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from tlcore.errors import RunError
from tlcore.runs.records import LIVE, Command, Level, Note, Point, Run, Status

__all__ = ["Store", "open_store"]

_META = MetaData()
_RUNS = Table(
    "runs",
    _META,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("reason", Text, nullable=False, default=""),
    Column("dataset", String(64), nullable=False),
    Column("dataset_name", Text, nullable=False),
    Column("modality", String(16), nullable=False),
    Column("backbone", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("recipe", JSON, nullable=False),
    Column("created", Float, nullable=False, index=True),
    Column("started", Float),
    Column("finished", Float),
    Column("pid", Integer),
    Column("host", Text, nullable=False, default=""),
    Column("activity", Text, nullable=False, default=""),
    Column("epoch", Integer, nullable=False, default=0),
    Column("epochs", Integer, nullable=False),
    Column("step", Integer, nullable=False, default=0),
    Column("steps", Integer, nullable=False, default=0),
    Column("eta", Float),
    Column("best_epoch", Integer),
    Column("val_accuracy", Float),
    Column("test_accuracy", Float),
    Column("test_macro_f1", Float),
    Column("report", JSON),
)
_POINTS = Table(
    "points",
    _META,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("run", String(32), nullable=False),
    Column("scope", String(8), nullable=False),
    Column("step", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("time", Float, nullable=False),
    Column("values", JSON, nullable=False),
    Index("points_of_run", "run", "id"),
)
_NOTES = Table(
    "notes",
    _META,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("run", String(32), nullable=False, index=True),
    Column("time", Float, nullable=False),
    Column("level", String(8), nullable=False),
    Column("text", Text, nullable=False),
    Column("step", Integer),
)
_COMMANDS = Table(
    "commands",
    _META,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("run", String(32), nullable=False, index=True),
    Column("command", String(16), nullable=False),
    Column("time", Float, nullable=False),
)


def open_store(home: Path) -> Store:
    """The store of this home: `TLSTUDIO_DATABASE_URL`, or SQLite in the folder."""
    return Store(os.environ.get("TLSTUDIO_DATABASE_URL") or f"sqlite:///{home / 'tlstudio.db'}")


class Store:
    """Reads and writes rows. Holds no open connection between calls, so a process that has one may fork."""

    def __init__(self, url: str) -> None:
        self._engine: Engine = create_engine(url, poolclass=NullPool)
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _tune_sqlite)
        try:
            _META.create_all(self._engine)
        except DatabaseError:  # another process made the tables between the look and the making
            _META.create_all(self._engine)
        self._add_columns()

    def _add_columns(self) -> None:
        """A store of an earlier release lacks what was added since; all of that may be empty."""
        with contextlib.suppress(DatabaseError), self._engine.begin() as connection:  # another process may be at it
            for table in _META.sorted_tables:
                there = {column["name"] for column in inspect(connection).get_columns(table.name)}
                for column in table.columns:
                    if column.name not in there:
                        kind = column.type.compile(self._engine.dialect)
                        connection.execute(text(f'ALTER TABLE {table.name} ADD COLUMN "{column.name}" {kind}'))

    def create(self, **values: object) -> Run:
        """Insert a queued run; `values` are the columns of `Run` that are known at the start."""
        with self._engine.begin() as connection:
            connection.execute(insert(_RUNS).values(status="queued", created=time.time(), **values))
        return self.run(str(values["id"]))

    def run(self, run_id: str) -> Run:
        """One run.

        Raises:
            RunError: there is none of that id.
        """
        with self._engine.connect() as connection:
            row = connection.execute(select(_RUNS).where(_RUNS.c.id == run_id)).mappings().first()
        if row is None:
            raise RunError(f"There is no run {run_id!r}. `python -m tlcore runs` lists those there are.")
        return Run(**row)

    def runs(self, *, limit: int = 200, status: Iterable[Status] | None = None) -> tuple[Run, ...]:
        """Runs, newest first; only those in one of the states `status` if given. Without their reports."""
        columns = [_RUNS.c[field.name] for field in fields(Run) if field.name != "report"]
        query = select(*columns).order_by(_RUNS.c.created.desc(), _RUNS.c.id).limit(limit)
        if status is not None:
            query = query.where(_RUNS.c.status.in_(sorted(status)))
        with self._engine.connect() as connection:
            return tuple(Run(**row, report=None) for row in connection.execute(query).mappings())

    def update(self, run_id: str, *, where: Iterable[Status] | None = None, **values: object) -> bool:
        """Set columns; with `where` only if the run is in one of those states. Returns whether a row changed."""
        query = update(_RUNS).where(_RUNS.c.id == run_id).values(**values)
        if where is not None:
            query = query.where(_RUNS.c.status.in_(sorted(where)))
        with self._engine.begin() as connection:
            return bool(connection.execute(query).rowcount)

    def record(self, run_id: str, points: Iterable[Mapping[str, object]], **values: object) -> None:
        """Append metrics and set columns in one transaction. A point has scope, step, epoch, time and values."""
        rows = [{"run": run_id, **point} for point in points]
        with self._engine.begin() as connection:
            if rows:
                connection.execute(insert(_POINTS), rows)
            if values:
                connection.execute(update(_RUNS).where(_RUNS.c.id == run_id).values(**values))

    def points(self, run_id: str, *, after: int = 0) -> tuple[Point, ...]:
        """The run's metrics in order, only those with a greater id than `after`."""
        columns = [_POINTS.c[field.name] for field in fields(Point)]
        query = select(*columns).where(_POINTS.c.run == run_id, _POINTS.c.id > after).order_by(_POINTS.c.id)
        with self._engine.connect() as connection:
            return tuple(Point(**row) for row in connection.execute(query).mappings())

    def rewind(self, run_id: str, step: int) -> None:
        """Forget metrics and marks after `step`: a training that goes on from there makes them again."""
        with self._engine.begin() as connection:
            for table in (_POINTS, _NOTES):
                connection.execute(delete(table).where(table.c.run == run_id, table.c.step > step))

    def note(self, run_id: str, words: str, *, level: Level = "info", step: int | None = None) -> None:
        """Append a line to the run's log; with a `step`, it has its place on the charts."""
        row = {"run": run_id, "time": time.time(), "level": level, "text": words, "step": step}
        with self._engine.begin() as connection:
            connection.execute(insert(_NOTES).values(row))

    def notes(self, run_id: str, *, after: int = 0) -> tuple[Note, ...]:
        """The run's log in order, only lines with a greater id than `after`."""
        columns = [_NOTES.c[field.name] for field in fields(Note)]
        query = select(*columns).where(_NOTES.c.run == run_id, _NOTES.c.id > after).order_by(_NOTES.c.id)
        with self._engine.connect() as connection:
            return tuple(Note(**row) for row in connection.execute(query).mappings())

    def command(self, run_id: str, command: Command) -> None:
        """Leave an order for the worker."""
        with self._engine.begin() as connection:
            connection.execute(insert(_COMMANDS).values(run=run_id, command=command, time=time.time()))

    def forget_commands(self, run_id: str) -> None:
        """Drop the orders of a run's earlier life."""
        with self._engine.begin() as connection:
            connection.execute(delete(_COMMANDS).where(_COMMANDS.c.run == run_id))

    def commands(self, run_id: str, *, after: int = 0) -> tuple[tuple[int, str], ...]:
        """Orders as (id, command), only those with a greater id than `after`."""
        columns = (_COMMANDS.c.id, _COMMANDS.c.command)
        query = select(*columns).where(_COMMANDS.c.run == run_id, _COMMANDS.c.id > after).order_by(_COMMANDS.c.id)
        with self._engine.connect() as connection:
            return tuple((row.id, row.command) for row in connection.execute(query))

    def end(self, run_id: str, status: Status, reason: str, *, where: Iterable[Status] = LIVE) -> bool:
        """Close a run that is still in one of the states `where`. Returns whether it was."""
        levels: Mapping[str, Level] = {"failed": "error", "interrupted": "warning"}
        level = levels.get(status, "info")
        ended = self.update(
            run_id, where=where, status=status, reason=reason, finished=time.time(), activity="", eta=None
        )
        if ended:
            self.note(run_id, reason or status, level=level)
        return ended


def _tune_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA busy_timeout=15000")
    cursor.close()
