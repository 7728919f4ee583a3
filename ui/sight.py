"""A run and all that is known of it at one moment, for everything that moves on a page."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from tlcore.runs import Note, Run
from tlcore.runs.sweeps import Ledger
from ui import state
from ui.history import History
from ui.marks import Mark, marks, phase

__all__ = ["Sight", "look"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What `look` saw. Its `held` goes on growing with later looks: hold the lock of it."""

    run: Run
    held: History
    notes: Sequence[Note]
    live: tuple[frozenset[str], frozenset[str]]
    """Of this and all other runs and sweeps, those under way: see `Ledger.live`."""

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Phases and warnings."""
        return marks(self.notes)

    @property
    def phase(self) -> str:
        """The name of the phase under way; foreign text."""
        return phase(self.marks)

    @property
    def noted(self) -> int:
        """Id of the last note, 0 before the first."""
        return self.notes[-1].id if self.notes else 0

    @property
    def state(self) -> str:
        """Another one when the page is to be drawn anew: this run's state, a note, or the begin or end of another."""
        return f"{self.run.status} {self.noted} {_short(sorted(map(sorted, self.live)))}"

    @property
    def version(self) -> str:
        """Another one as soon as there is anything new to show."""
        run, newest = self.run, self.held.tail.newest
        row = (run.status, run.claim, run.step, run.steps, run.epoch, run.epochs, run.activity, run.eta, run.best_epoch)
        last = (newest.id, newest.time) if newest else ()
        return _short((row, last, self.state))


def look(run_id: str) -> Sight:
    """See a run as it is now; hold the lock of its history meanwhile.

    Raises:
        RunError: there is none of that id.
    """
    studio, held = state.studio(), state.history(run_id)
    first = held.tail.after
    run, points, notes = studio.glance(run_id, after=first)
    held.catch_up(lambda after: points if after == first else studio.points(run_id, after=after))
    return Sight(run=run, held=held, notes=notes, live=Ledger(studio.store).live())


def _short(about: object) -> str:
    return hashlib.blake2b(repr(about).encode(), digest_size=9).hexdigest()
