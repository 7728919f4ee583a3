"""The only thing that worker and pages share: rows in a database."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path

from sqlalchemy import Engine, Update, case, delete, func, insert, select, update

from tlcore.runs.database import connected, engine_of, storable
from tlcore.runs.records import LIVE, Command, Level, Note, Point, Run, Status
from tlcore.runs.rows import notes_after, points_after, run_row
from tlcore.runs.schema import COMMANDS, NOTES, POINTS, RUNS

__all__ = ["Store", "open_store"]

PATIENCE_SECONDS = 15.0
"""How long to wait for a locked SQLite store before saying so."""


def open_store(home: Path, *, patience: float = PATIENCE_SECONDS, keeps: bool = False) -> Store:
    """The store of this home: `TLSTUDIO_DATABASE_URL`, or SQLite in the folder."""
    url = os.environ.get("TLSTUDIO_DATABASE_URL") or f"sqlite:///{home / 'tlstudio.db'}"
    return Store(url, patience=patience, keeps=keeps)


class Store:
    """Reads and writes rows. Holds no open connection between calls, so that a process that has one may fork; one that
    `keeps` them may not.

    Every method raises `StoreError` where the database is locked, full or away; then nothing of it has happened.
    """

    def __init__(self, url: str, *, patience: float = PATIENCE_SECONDS, keeps: bool = False) -> None:
        self._engine = engine_of(url, patience=patience, keeps=keeps)
        self.local: bool = self._engine.dialect.name == "sqlite"
        """All who use it are on one machine."""

    @property
    def engine(self) -> Engine:
        """Of the database, for what keeps tables of its own there."""
        return self._engine

    def create(self, *, command: Command | None = None, **values: object) -> Run:
        """Insert a queued run behind all others, with an order for its worker if there is one.

        Args:
            values: The columns of `Run` that are known at the start.
        """
        last = select(func.coalesce(func.max(RUNS.c.place), 0) + 1).scalar_subquery()
        row = {"status": "queued", "created": time.time(), **storable(values)}
        with connected(self._engine) as connection:
            connection.execute(insert(RUNS).values(place=last, **row))
            if command:
                connection.execute(insert(COMMANDS).values(run=values["id"], command=command, time=time.time()))
        return self.run(str(values["id"]))

    def run(self, run_id: str) -> Run:
        """One run.

        Raises:
            RunError: there is none of that id.
        """
        with connected(self._engine) as connection:
            return run_row(connection, run_id)

    def has(self, run_id: str) -> bool:
        """Whether there is such a run."""
        with connected(self._engine) as connection:
            return connection.execute(select(RUNS.c.id).where(RUNS.c.id == run_id)).first() is not None

    def runs(self, *, limit: int = 200, status: Iterable[Status] | None = None) -> tuple[Run, ...]:
        """Runs, newest first; only those in one of the states `status` if given. Without their reports."""
        columns = [RUNS.c[field.name] for field in fields(Run) if field.name != "report"]
        query = select(*columns).order_by(RUNS.c.created.desc(), RUNS.c.place.desc(), RUNS.c.id).limit(limit)
        if status is not None:
            query = query.where(RUNS.c.status.in_(sorted(status)))
        with connected(self._engine) as connection:
            return tuple(Run(**row, report=None) for row in connection.execute(query).mappings())

    def trials(self, sweep: str) -> tuple[Run, ...]:
        """The runs of a sweep in the order of its trials, without their reports."""
        columns = [RUNS.c[field.name] for field in fields(Run) if field.name != "report"]
        query = select(*columns).where(RUNS.c.sweep == sweep).order_by(RUNS.c.trial)
        with connected(self._engine) as connection:
            return tuple(Run(**row, report=None) for row in connection.execute(query).mappings())

    def epochs(self, run_ids: Iterable[str]) -> dict[str, tuple[Point, ...]]:
        """The metrics at the ends of epochs of these runs, in order; runs without any are left out."""
        columns = [POINTS.c[field.name] for field in fields(Point)]
        query = select(POINTS.c.run, *columns).where(POINTS.c.run.in_(sorted(run_ids)), POINTS.c.scope == "epoch")
        found: dict[str, list[Point]] = {}
        with connected(self._engine) as connection:
            for row in connection.execute(query.order_by(POINTS.c.id)).mappings():
                found.setdefault(row["run"], []).append(Point(**{k: v for k, v in row.items() if k != "run"}))
        return {run: tuple(points) for run, points in found.items()}

    def last_starts(self) -> dict[str, float]:
        """When a run of each user last began, in unix seconds; users none of whose runs has begun are left out."""
        query = select(RUNS.c.user, func.max(RUNS.c.started).label("last")).where(RUNS.c.started.is_not(None))
        with connected(self._engine) as connection:
            return {row.user: row.last for row in connection.execute(query.group_by(RUNS.c.user))}

    def update(
        self, run_id: str, *, where: Iterable[Status] | None = None, claim: int | None = None, **values: object
    ) -> bool:
        """Set columns; with `where` only if the run is in one of those states, with `claim` only if it has that one.

        Returns whether a row changed.
        """
        query = _chosen(update(RUNS), run_id, where, claim).values(**storable(values))
        with connected(self._engine) as connection:
            return bool(connection.execute(query).rowcount)

    def take(self, run_id: str, **values: object) -> int | None:
        """Make a queued run a running one, for one caller only; returns its claim, or None if another was first."""
        query = _chosen(update(RUNS), run_id, ("queued",), None)
        life = case((RUNS.c.finished > RUNS.c.started, RUNS.c.finished - RUNS.c.started), else_=0.0)
        query = query.values(
            status="running",
            started=time.time(),
            finished=None,
            worked=RUNS.c.worked + life,
            claim=RUNS.c.claim + 1,
            beat=RUNS.c.beat + 1,
            **storable(values),
        )
        with connected(self._engine) as connection:
            return connection.execute(query.returning(RUNS.c.claim)).scalar()

    def record(
        self,
        run_id: str,
        points: Iterable[Mapping[str, object]] = (),
        *,
        notes: Iterable[Mapping[str, object]] = (),
        claim: int | None = None,
        **values: object,
    ) -> bool:
        """Append metrics and log lines and set columns in one transaction, which is a sign of life as well.

        A point has scope, step, epoch, time and values; numbers that are not finite are left out. A note has time,
        level, text and step. Returns False, and writes nothing, if another worker has taken the run since `claim`.
        """
        query = _chosen(update(RUNS), run_id, None, claim).values(beat=RUNS.c.beat + 1, **storable(values))
        rows = [{"run": run_id, **point, "values": _finite(point["values"])} for point in points]
        lines = [{"run": run_id, **storable(note)} for note in notes]
        with connected(self._engine) as connection:
            if not connection.execute(query).rowcount and claim is not None:
                return False
            if rows:
                connection.execute(insert(POINTS), rows)
            if lines:
                connection.execute(insert(NOTES), lines)
        return True

    def points(self, run_id: str, *, after: int = 0) -> tuple[Point, ...]:
        """The run's metrics in order, only those with a greater id than `after`."""
        with connected(self._engine) as connection:
            return points_after(connection, run_id, after)

    def rewind(self, run_id: str, step: int) -> None:
        """Forget metrics and marks after `step`: a training that goes on from there makes them again."""
        with connected(self._engine) as connection:
            for table in (POINTS, NOTES):
                connection.execute(delete(table).where(table.c.run == run_id, table.c.step > step))

    def note(self, run_id: str, words: str, *, level: Level = "info", step: int | None = None) -> None:
        """Append a line to the run's log; with a `step`, it has its place on the charts."""
        row = {"run": run_id, "time": time.time(), "level": level, "text": storable(words), "step": step}
        with connected(self._engine) as connection:
            connection.execute(insert(NOTES).values(row))

    def notes(self, run_id: str, *, after: int = 0) -> tuple[Note, ...]:
        """The run's log in order, only lines with a greater id than `after`."""
        with connected(self._engine) as connection:
            return notes_after(connection, run_id, after)

    def glance(self, run_id: str, *, after: int = 0) -> tuple[Run, tuple[Point, ...], tuple[Note, ...]]:
        """A run, its metrics with a greater id than `after`, and its whole log, all of one moment.

        Raises:
            RunError: there is none of that id.
        """
        with connected(self._engine) as connection:
            return (
                run_row(connection, run_id),
                points_after(connection, run_id, after),
                notes_after(connection, run_id, 0),
            )

    def command(
        self, run_id: str, command: Command, *, where: Iterable[Status] | None = None, **values: object
    ) -> bool:
        """Leave an order for the worker and set columns, both or neither; returns whether the run was as in `where`."""
        query = _chosen(update(RUNS), run_id, where, None).values(**(storable(values) or {"id": run_id}))
        with connected(self._engine) as connection:
            if not connection.execute(query).rowcount:
                return False
            connection.execute(insert(COMMANDS).values(run=run_id, command=command, time=time.time()))
        return True

    def requeue(
        self,
        run_id: str,
        *,
        where: Iterable[Status],
        command: Command | None = None,
        claim: int | None = None,
        **values: object,
    ) -> bool:
        """Queue a run again that is in one of the states `where`; orders of its earlier life are dropped for `command`.

        Returns whether it was.
        """
        columns = {"status": "queued", "reason": "", "eta": None, **values}
        query = _chosen(update(RUNS), run_id, where, claim).values(**storable(columns))
        with connected(self._engine) as connection:
            if not connection.execute(query).rowcount:
                return False
            connection.execute(delete(COMMANDS).where(COMMANDS.c.run == run_id))
            if command:
                connection.execute(insert(COMMANDS).values(run=run_id, command=command, time=time.time()))
        return True

    def last_seen(self, run_id: str) -> float:
        """When its last metric was written, in unix seconds; now, if there is none."""
        query = select(POINTS.c.time).where(POINTS.c.run == run_id).order_by(POINTS.c.id.desc()).limit(1)
        with connected(self._engine) as connection:
            return connection.execute(query).scalar() or time.time()

    def commands(self, run_id: str, *, after: int = 0) -> tuple[tuple[int, str], ...]:
        """Orders as (id, command), only those with a greater id than `after`."""
        columns = (COMMANDS.c.id, COMMANDS.c.command)
        query = select(*columns).where(COMMANDS.c.run == run_id, COMMANDS.c.id > after).order_by(COMMANDS.c.id)
        with connected(self._engine) as connection:
            return tuple((row.id, row.command) for row in connection.execute(query))

    def end(
        self,
        run_id: str,
        status: Status,
        reason: str,
        *,
        where: Iterable[Status] = LIVE,
        claim: int | None = None,
        **values: object,
    ) -> bool:
        """Bring a run to rest that is still in one of the states `where`. Returns whether it was."""
        levels: Mapping[str, Level] = {"failed": "error", "interrupted": "warning"}
        columns = {"status": status, "reason": reason, "finished": time.time(), "activity": "", "eta": None, **values}
        note = {"run": run_id, "time": time.time(), "level": levels.get(status, "info"), "step": None}
        query = _chosen(update(RUNS), run_id, where, claim).values(**storable(columns))
        with connected(self._engine) as connection:
            ended = bool(connection.execute(query).rowcount)
            if ended:
                connection.execute(insert(NOTES).values(text=storable(reason or status), **note))
        return ended

    def delete(self, run_id: str, *, where: Iterable[Status]) -> bool:
        """Forget all rows of a run that is in one of the states `where`, or none. Returns whether it was."""
        with connected(self._engine) as connection:
            query = delete(RUNS).where(RUNS.c.id == run_id, RUNS.c.status.in_(sorted(where)))
            if not connection.execute(query).rowcount:
                return False
            for table in (POINTS, NOTES, COMMANDS):
                connection.execute(delete(table).where(table.c.run == run_id))
        return True


def _chosen(query: Update, run_id: str, where: Iterable[Status] | None, claim: int | None) -> Update:
    query = query.where(RUNS.c.id == run_id)
    if where is not None:
        query = query.where(RUNS.c.status.in_(sorted(where)))
    return query if claim is None else query.where(RUNS.c.claim == claim)


def _finite(values: object) -> dict[str, float]:
    assert isinstance(values, Mapping)
    return {name: value for name, value in values.items() if math.isfinite(value)}
