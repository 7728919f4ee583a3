"""The process that works through a sweep. It holds nothing of its own: killed at any point, the next one goes on."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tlcore.errors import TlcoreError
from tlcore.runs.patience import patiently
from tlcore.runs.records import Run
from tlcore.runs.studio import Studio
from tlcore.runs.sweeps.ledger import Ledger
from tlcore.runs.sweeps.plan import Plan, recipe_of
from tlcore.runs.sweeps.proposals import propose
from tlcore.runs.sweeps.pruning import verdicts
from tlcore.runs.sweeps.records import Sweep, Trial
from tlcore.runs.sweeps.standing import at_work, best, state_of, tried

__all__ = ["drive", "look"]

POLL_SECONDS = 0.2
CLOCK_SECONDS = 2.0
"""How often the time it has worked is written down."""
MOST_LIVES = 3
"""How often the worker of a trial may die before the trial counts as failed."""
SPARE = 1
"""Trials that wait beside those at work: the next starts at once, and TPE still learns from nearly all before it."""
_LOG = logging.getLogger(__name__)


def drive(home: Path, sweep_id: str) -> int:
    """Until the sweep is over; what goes wrong ends in its row. Returns the exit status."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    studio = patiently(Studio, home)
    clock = _Clock(ledger=Ledger(studio.store), sweep=sweep_id)
    try:
        while patiently(look, studio, sweep_id):
            patiently(clock.tick, at_work(patiently(studio.store.trials, sweep_id)), time.monotonic())
            time.sleep(POLL_SECONDS)
        patiently(clock.write)
    except Exception as error:
        _LOG.exception("sweep %s failed", sweep_id)
        known = isinstance(error, TlcoreError)
        words = str(error) if known else f"Something unforeseen went wrong ({type(error).__name__})."
        over = time.time()
        patiently(clock.ledger.update, sweep_id, state="failed", reason=words, activity="", finished=over)
        return 1
    return 0


def look(studio: Studio, sweep_id: str) -> bool:
    """Do what is to be done now, from what the store says alone. Returns whether the sweep goes on."""
    ledger = Ledger(studio.store)
    sweep = ledger.sweep(sweep_id)
    turn = _Turn(studio=studio, ledger=ledger, sweep=sweep, plan=sweep.planned())
    acts: dict[str, Callable[[], None]] = {
        "running": turn.search,
        "stopping": turn.wind_down,
        "scoring": turn.score,
    }
    if sweep.state in acts:
        acts[sweep.state]()
    return ledger.sweep(sweep_id).live


@dataclass(slots=True, kw_only=True)
class _Clock:
    """Counts the time in which a run of the sweep is at work; waiting behind other people's runs costs nothing."""

    ledger: Ledger
    sweep: str
    since: float | None = None
    """When it was last asked."""
    unwritten: float = 0.0
    """Seconds of work that the ledger has not been told of."""

    def tick(self, working: bool, now: float) -> None:
        if working and self.since is not None:
            self.unwritten += now - self.since
        self.since = now
        if self.unwritten >= CLOCK_SECONDS:
            self.write()

    def write(self) -> None:
        self.ledger.update(self.sweep, worked=self.ledger.sweep(self.sweep).worked + self.unwritten)
        self.unwritten = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """One look at one sweep."""

    studio: Studio
    ledger: Ledger
    sweep: Sweep
    plan: Plan

    def search(self) -> None:
        """Prune, revive what a dead worker left, launch what fits; or see that it is over."""
        budget = self.plan.budget
        if budget is not None and self.sweep.worked >= budget:
            words = f"The budget of {_minutes(budget)} is used up."
            self.ledger.update(self.sweep.id, where=("running",), state="stopping", reason=words)
            return
        runs = self.runs()
        self.prune(runs)
        self.revive(runs)
        room = self.studio.slots() + SPARE - sum(run.live for run in runs)
        trials = self.ledger.trials(self.sweep.id)
        for _ in range(max(0, room)):
            if not self.launch_next():
                break
        else:
            return
        if not any(run.live for run in self.runs()) and all(t.launched or t.problem for t in trials):
            self.choose()

    def runs(self) -> tuple[Run, ...]:
        """Of its trials, each as it is: dead workers are noticed."""
        return self.studio.noticed(self.studio.store.trials(self.sweep.id))

    def prune(self, runs: Sequence[Run]) -> None:
        """Stop what is hopeless."""
        if not self.plan.pruning:
            return
        points = self.studio.store.epochs(run.id for run in runs)
        for run, verdict in verdicts(self.plan, runs, points):
            command = self.studio.store.command
            if command(run.id, "stop", where=("running",), status="stopping", reason=str(verdict)):
                self.studio.store.note(run.id, str(verdict))

    def revive(self, runs: Sequence[Run]) -> None:
        """Let trials whose workers died go on, a few times."""
        for run in runs:
            if run.status == "interrupted" and run.claim < MOST_LIVES:
                self.studio.resume(run.id)

    def launch_next(self) -> bool:
        """Launch the trial that is written down and has no run, or the next; False where there is none to launch."""
        trials, runs = self.ledger.trials(self.sweep.id), self.studio.store.trials(self.sweep.id)
        waiting = next((trial for trial in trials if not trial.launched and not trial.problem), None)
        if waiting is None:
            values = propose(self.plan, tried(trials, runs))
            if values is None:
                return False
            self.ledger.propose(self.sweep.id, len(trials) + 1, values)
            waiting = self.ledger.trials(self.sweep.id)[-1]
        return self.launch(waiting, runs)

    def launch(self, trial: Trial, runs: Sequence[Run]) -> bool:
        """Queue its run, unless a driver that died had done so; False where it should wait."""
        if any(run.trial == trial.number for run in runs):
            self.ledger.mark(self.sweep.id, trial.number, launched=True)
            return True
        if _embedding(str(trial.values["backbone"]), runs):
            return False
        name = f"{self.sweep.name[:80]} · trial {trial.number}"
        try:
            recipe = recipe_of(self.plan, trial.values)
            self.studio.launch(recipe, name=name, user=self.sweep.user, sweep=self.sweep.id, trial=trial.number)
        except TlcoreError as error:
            if any(run.trial == trial.number for run in self.studio.store.trials(self.sweep.id)):
                raise
            self.ledger.mark(self.sweep.id, trial.number, problem=str(error))
            return True
        self.ledger.mark(self.sweep.id, trial.number, launched=True)
        return True

    def wind_down(self) -> None:
        """Withdraw what waits, stop what trains, and see the rest end."""
        runs = [run for run in self.runs() if run.live or run.status == "paused"]
        for run in runs:
            if run.status == "queued" and not run.started:
                self.studio.withdraw(run.id)
            elif run.status == "queued":
                self.studio.store.end(run.id, "stopped", f"Its sweep ended. {self.sweep.reason}", where=("queued",))
            elif run.status in ("running", "pausing"):
                words = {"status": "stopping", "reason": f"Its sweep ended: {self.sweep.reason}"}
                self.studio.store.command(run.id, "stop", where=("running", "pausing"), **words)
        if not any(run.live for run in runs):
            self.choose()

    def choose(self) -> None:
        """Val picks the winner; a sweep that somebody cancelled has none to score."""
        found = best(self.runs())
        if found is None or self.sweep.reason == "Cancelled.":
            self.end(found)
            return
        words = "scoring the winner on the test split, once"
        self.ledger.update(self.sweep.id, state="scoring", winner=found.id, activity=words)

    def score(self) -> None:
        """The one use of the test split: the winner meets it."""
        store = self.studio.store
        chosen = self.sweep.winner or ""
        winner = self.studio.run(chosen) if store.has(chosen) else None
        if winner is None or winner.test_accuracy is not None or winner.status in ("failed", "interrupted", "paused"):
            self.end(winner)
        elif not winner.live:
            self.studio.score(winner.id)

    def end(self, winner: Run | None) -> None:
        """Write down what it came to."""
        state = "stopped" if self.sweep.reason else "finished"
        chosen = winner.id if winner else None
        none = "" if winner else "No trial came to a score."
        reason = " ".join(filter(None, (self.sweep.reason, none)))
        over = time.time()
        self.ledger.update(self.sweep.id, state=state, winner=chosen, reason=reason, activity="", finished=over)


def _embedding(backbone: str, runs: Sequence[Run]) -> bool:
    """A trial of this backbone is at its first epoch and none was through it: the next would embed it all again."""
    own = [run for run in runs if run.backbone == backbone and state_of(run) != "failed"]
    return any(run.live for run in own) and not any(run.best_epoch for run in own)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"
