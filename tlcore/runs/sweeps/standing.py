"""How a sweep stands: its trials as the search sees them, and as people do, the best first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, Literal

from tlcore.advisor.facts import wilson
from tlcore.runs.records import BUSY, Run
from tlcore.runs.sweeps.proposals import Tried
from tlcore.runs.sweeps.records import Sweep, Trial

__all__ = ["Row", "Standing", "at_work", "best", "standing", "state_of", "tie", "tried"]

PRUNED, WITHDRAWN = "Pruned", "withdrawn"
FEW = 3
"""Trials that have to be over for their pace to count: the first ones compute the features of all."""
TrialState = Literal["live", "done", "pruned", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One trial of the leaderboard."""

    rank: int | None
    """From 1 by val accuracy; None without one."""
    number: int
    values: Mapping[str, Any]
    state: str
    """`waiting`, a run's status, `pruned`, `withdrawn` for what never began, or `failed` for what cannot be trained."""
    run: str | None
    val_accuracy: float | None
    interval: tuple[float, float] | None
    """95 % of the val accuracy, by Wilson's formula."""
    epoch: int
    """Epochs that it finished."""
    epochs: int
    seconds: float
    """Of its training; the winner's scoring on test is not counted."""
    reason: str
    test_accuracy: float | None
    """The winner's alone."""

    @property
    def comparable(self) -> bool:
        """Whether its val accuracy may stand beside the best: it ran to the end, or is itself the best."""
        return self.rank is not None and (self.rank == 1 or self.state == "finished")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All of it."""

    rows: tuple[Row, ...]
    done: int
    """Trials that are over, pruned and failed ones among them."""
    most: int
    """Trials there will be if nothing stops it, or would have been."""
    tied: int
    """Comparable trials whose val accuracy the best one's interval holds, itself among them."""
    left: float | None
    """Seconds to go at the pace so far, at first by the estimate, and at most what the budget leaves; None while no
    pace is known."""
    limit: float | None
    """Seconds that the budget leaves; None without one."""


def state_of(run: Run) -> TrialState:
    """How the search sees a run."""
    if run.live or run.status == "paused":
        return "live"
    if run.val_accuracy is None or run.status in ("failed", "interrupted"):
        return "failed"
    return "pruned" if run.status == "stopped" else "done"


def at_work(runs: Sequence[Run]) -> bool:
    """Whether one of them holds a slot."""
    return any(run.status in BUSY for run in runs)


def best(runs: Sequence[Run]) -> Run | None:
    """The one that val picks among those at rest, the earliest of equals."""
    found = [run for run in runs if state_of(run) in ("done", "pruned")]
    return max(found, key=lambda run: (run.val_accuracy or 0.0, -(run.trial or 0)), default=None)


def tried(trials: Sequence[Trial], runs: Sequence[Run]) -> tuple[Tried, ...]:
    """The trials as proposals learn from them."""
    by_trial = {run.trial: run for run in runs}
    return tuple(_tried(trial, by_trial.get(trial.number)) for trial in trials)


def standing(
    sweep: Sweep, trials: Sequence[Trial], runs: Sequence[Run], n_val: int, slots: int, now: float
) -> Standing:
    """The leaderboard and what is left to do.

    Args:
        n_val: Samples that each val accuracy was counted on.
        now: Unix seconds.
    """
    by_trial, plan = {run.trial: run for run in runs}, sweep.planned()
    made = [_row(sweep, trial, by_trial.get(trial.number), n_val, now) for trial in trials]
    made.sort(key=lambda row: (row.val_accuracy is None, -(row.val_accuracy or 0.0), row.number))
    rows = tuple(_ranked(row, rank) for rank, row in enumerate(made, 1))
    over = [run for run in runs if run.started and not run.live]
    done = sum(row.state not in ("waiting", WITHDRAWN, *_LIVE) for row in made)
    most = len(trials) if sweep.state == "finished" else max(plan.most(), len(trials))
    limit = None if plan.budget is None else max(0.0, plan.budget - sweep.worked)
    return Standing(
        rows=rows,
        done=done,
        most=most,
        tied=_tied(rows),
        left=_left(sweep, over, most - done, slots, now, limit) if sweep.live else 0.0,
        limit=limit,
    )


def tie(stands: Standing) -> str:
    """What to say where trials cannot be told apart; empty where the best one is alone."""
    if stands.tied < 2:
        return ""
    partial = any(row.rank is not None and not row.comparable for row in stands.rows)
    return (
        f"{stands.tied:,} trials cannot be told apart on this val split: the 95 % interval of the best one's val "
        "accuracy holds the val accuracy of each. Among those, take the one that is cheapest to run."
        + (" Trials that did not run to the end are not counted." if partial else "")
    )


def _tied(rows: Sequence[Row]) -> int:
    able = [row for row in rows if row.comparable]
    low = able[0].interval[0] if able and able[0].interval else 0.0
    return sum((row.val_accuracy or 0.0) >= low for row in able)


_LIVE = ("queued", "running", "pausing", "paused", "stopping")


def _left(sweep: Sweep, over: Sequence[Run], trials: int, slots: int, now: float, rest: float | None) -> float | None:
    guessed = sweep.estimate - sweep.worked if sweep.estimate is not None else 0.0
    if len(over) < FEW and guessed > 0:
        return guessed if rest is None else min(guessed, rest)
    if not over:
        return None
    pace = median(run.seconds(now) for run in over) * trials / max(1, slots)
    return pace if rest is None else min(pace, rest)


def _tried(trial: Trial, run: Run | None) -> Tried:
    if run is None and trial.problem:
        return Tried(values=trial.values, state="failed", score=0.0)
    if run is None:
        return Tried(values=trial.values, state="failed" if trial.launched else "live")
    return Tried(values=trial.values, state=state_of(run), score=run.val_accuracy, epoch=max(1, run.epoch))


def _row(sweep: Sweep, trial: Trial, run: Run | None, n_val: int, now: float) -> Row:
    known: dict[str, Any] = {"rank": None, "number": trial.number, "values": trial.values}
    if run is None:
        state = "failed" if trial.problem else "deleted" if trial.launched else "waiting"
        empty: dict[str, Any] = dict.fromkeys(("run", "val_accuracy", "interval", "test_accuracy"))
        return Row(**known, **empty, state=state, epoch=0, epochs=0, seconds=0.0, reason=trial.problem)
    score = run.val_accuracy
    return Row(
        **known,
        state=_state(run),
        run=run.id,
        val_accuracy=score,
        interval=None if score is None or not n_val else wilson(score, n_val),
        epoch=_finished(run),
        epochs=run.epochs,
        seconds=_trained(sweep, run, now),
        reason=run.reason,
        test_accuracy=run.test_accuracy if run.id == sweep.winner else None,
    )


def _state(run: Run) -> str:
    if run.status != "stopped":
        return run.status
    return WITHDRAWN if not run.started else "pruned" if run.reason.startswith(PRUNED) else run.status


def _finished(run: Run) -> int:
    """Epochs, by the steps that were made of all."""
    return min(run.epoch, run.step * run.epochs // run.steps) if run.steps else run.epoch


def _trained(sweep: Sweep, run: Run, now: float) -> float:
    """Seconds; scoring the winner is a life of its own, the last."""
    scored = run.id == sweep.winner and (run.test_accuracy is not None or run.live)
    return run.worked if scored and run.worked else run.seconds(now)


def _ranked(row: Row, rank: int) -> Row:
    return row if row.val_accuracy is None else replace(row, rank=rank)
