"""The rows of sweeps and trials. All that a driver knows is here, so that another can go on."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import delete, func, insert, literal, select, union_all, update

from tlcore.errors import RunError
from tlcore.runs.database import connected, storable
from tlcore.runs.records import LIVE
from tlcore.runs.schema import RUNS, SWEEPS, TRIALS
from tlcore.runs.store import Store
from tlcore.runs.sweeps.records import AT_WORK, State, Sweep, Trial

__all__ = ["Ledger"]

_LIVE = union_all(
    select(RUNS.c.id, literal(False)).where(RUNS.c.status.in_(sorted(LIVE)), RUNS.c.sweep.is_(None)),
    select(SWEEPS.c.id, literal(True)).where(SWEEPS.c.state.in_(AT_WORK)),
)
"""Put together once: it is asked once a second for each run that is watched."""


class Ledger:
    """Reads and writes them in the store's database; raises `StoreError` as the store does."""

    def __init__(self, store: Store) -> None:
        self._engine = store.engine

    def create(self, **values: Any) -> Sweep:
        """Insert a sweep that is to run."""
        row = {"state": "running", "created": time.time(), "reason": "", "activity": "", "worked": 0.0}
        with connected(self._engine) as connection:
            connection.execute(insert(SWEEPS).values(**row, **storable(values)))
        return self.sweep(values["id"])

    def sweep(self, sweep_id: str) -> Sweep:
        """One sweep.

        Raises:
            RunError: there is none of that id.
        """
        found = self._sweeps(select(SWEEPS).where(SWEEPS.c.id == sweep_id))
        if not found:
            raise RunError(f"There is no sweep {sweep_id!r}. `python -m tlcore sweeps` lists those there are.")
        return found[0]

    def sweeps(self, *, limit: int = 100) -> tuple[Sweep, ...]:
        """The newest first."""
        return self._sweeps(select(SWEEPS).order_by(SWEEPS.c.created.desc(), SWEEPS.c.id).limit(limit))

    def at_work(self) -> tuple[Sweep, ...]:
        """Those that need a driver, the oldest first."""
        return self._sweeps(select(SWEEPS).where(SWEEPS.c.state.in_(AT_WORK)).order_by(SWEEPS.c.created))

    def live(self) -> tuple[frozenset[str], frozenset[str]]:
        """Ids of the runs that wait or work, without trials, which are their sweep's; and of the sweeps at work."""
        with connected(self._engine) as connection:
            found = connection.execute(_LIVE).all()
        return frozenset(key for key, sweep in found if not sweep), frozenset(key for key, sweep in found if sweep)

    def update(self, sweep_id: str, *, where: Iterable[State] | None = None, **values: Any) -> bool:
        """Set columns, with `where` only if it is in one of those states; returns whether a row changed."""
        query = update(SWEEPS).where(SWEEPS.c.id == sweep_id)
        query = query if where is None else query.where(SWEEPS.c.state.in_(sorted(where)))
        with connected(self._engine) as connection:
            return bool(connection.execute(query.values(**storable(values))).rowcount)

    def trials(self, sweep_id: str) -> tuple[Trial, ...]:
        """In order."""
        query = select(TRIALS).where(TRIALS.c.sweep == sweep_id).order_by(TRIALS.c.number)
        with connected(self._engine) as connection:
            return tuple(Trial(**row) for row in connection.execute(query).mappings())

    def propose(self, sweep_id: str, number: int, values: Mapping[str, Any], *, problem: str = "") -> None:
        """Write a trial down before it is launched."""
        row = {"sweep": sweep_id, "number": number, "values": dict(values), "launched": False, "problem": problem}
        with connected(self._engine) as connection:
            connection.execute(insert(TRIALS).values(**storable(row)))

    def mark(self, sweep_id: str, number: int, *, launched: bool = False, problem: str = "") -> None:
        """What became of a proposal."""
        query = update(TRIALS).where(TRIALS.c.sweep == sweep_id, TRIALS.c.number == number)
        with connected(self._engine) as connection:
            connection.execute(query.values(launched=launched, problem=storable(problem)))

    def counts(self) -> dict[str, int]:
        """How many trials each sweep has had."""
        query = select(TRIALS.c.sweep, func.count().label("n")).group_by(TRIALS.c.sweep)
        with connected(self._engine) as connection:
            return {row.sweep: row.n for row in connection.execute(query)}

    def delete(self, sweep_id: str) -> None:
        """Forget a sweep; its runs stay, as runs of their own."""
        with connected(self._engine) as connection:
            connection.execute(update(RUNS).where(RUNS.c.sweep == sweep_id).values(sweep=None, trial=None))
            connection.execute(delete(TRIALS).where(TRIALS.c.sweep == sweep_id))
            connection.execute(delete(SWEEPS).where(SWEEPS.c.id == sweep_id))

    def _sweeps(self, query: Any) -> tuple[Sweep, ...]:
        names = [field.name for field in fields(Sweep)]
        with connected(self._engine) as connection:
            rows = connection.execute(query).mappings()
            return tuple(Sweep(**{name: row[name] for name in names}) for row in rows)
