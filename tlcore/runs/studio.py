"""What pages and the command line do with runs."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tlcore.data import load_dataset
from tlcore.errors import RunError
from tlcore.runs import launcher, outside
from tlcore.runs.asking import check, merged, row_of
from tlcore.runs.deletion import delete
from tlcore.runs.labels import NAME, name_of, remark_of, tags_of, user_of
from tlcore.runs.liveness import Watch, noticed, run_folder
from tlcore.runs.queue import Waiting, expected, forecast, order
from tlcore.runs.records import BUSY, LIVE, RESUMABLE, Command, Note, Point, Run
from tlcore.runs.settings import Settings, keep, kept
from tlcore.runs.store import open_store
from tlcore.training import Recipe
from tlcore.zoo import backbone, learn

__all__ = ["Studio"]

WAITING = "waiting for a free slot"
UNSCORED: Mapping[str, Any] = {"report": None, "test_accuracy": None, "test_macro_f1": None}
"""Of an end that was none."""


class Studio:
    """The runs of one home. Any number of processes may have one at the same time.

    What changes a run takes the `user` who asks: a run that has an owner obeys its owner, and everybody where the
    settings say so. None is somebody at the server's shell, who is not asked. Doing a thing twice does no harm. All of
    it raises `RunError` where there is no such run or it is another's.
    """

    def __init__(self, home: Path, settings: Settings | None = None, *, keeps: bool = False) -> None:
        self.home = home
        self.settings = settings or Settings.read(os.environ)
        self.store = open_store(home, keeps=keeps)
        self._watch = Watch()
        learn(home)

    def warm(self) -> None:
        """Be the home's server: its settings count, and the process that forks workers is started; returns at once."""
        keep(self.home, self.settings)
        outside.keep(self.home, outside.Outside.read(os.environ))
        launcher.ensure(self.home)

    def launch(
        self, recipe: Recipe, *, name: str = "", user: str = "", sweep: str | None = None, trial: int | None = None
    ) -> Run:
        """Queue a training and have it started; returns at once. One of a sweep leaves the test split alone.

        Raises:
            DataError: the dataset is not in this home.
            RecipeError: dataset and backbone do not fit.
            WeightsError: the backbone's weights are not on this machine.
            RunError: a name is too long.
        """
        dataset = load_dataset(self.home, recipe.dataset)
        check(recipe, dataset)
        run = self.store.create(
            id=f"{time.strftime('%m%d')}-{secrets.token_hex(3)}",
            name=name_of(name if name.strip() else f"{backbone(recipe.backbone).title} on {dataset.name}"[:NAME]),
            user=user_of(user),
            **row_of(recipe, dataset),
            activity=WAITING,
            sweep=sweep,
            trial=trial,
            command="hold" if sweep else None,
        )
        launcher.ring(self.home)
        return run

    def duplicate(
        self, run_id: str, changes: Mapping[str, Any] | None = None, *, name: str = "", user: str = ""
    ) -> Run:
        """Queue a new run with the recipe of another, changed; anybody may.

        Args:
            changes: As in `Recipe.to_dict`; parts are changed value by value: `{"seed": 3, "strategy": {"lr": 0.01}}`.

        Raises:
            RecipeError: the changed recipe is none. And what `launch` raises.
        """
        run = self.run(run_id)
        recipe = Recipe.from_dict(merged(run.recipe, changes or {}))
        return self.launch(recipe, name=name or f"{run.name[: NAME - 7]} (copy)", user=user)

    def stop(self, run_id: str, *, user: str | None = None) -> Run:
        """Ask a run to stop; the best model so far is kept and scored. One that waits is withdrawn.

        A paused run gets a slot again for as long as it takes to score its best epoch.
        """
        run = self._asked(run_id, user, "stop")
        words = "waiting to score its best epoch"
        if run.status == "queued":
            return self.withdraw(run_id, user=user)
        if run.status == "paused" and not run.best_epoch:
            self.store.end(run_id, "stopped", "Stopped before the first epoch was finished.", where=("paused",))
        elif run.status == "paused":
            self._queue(run, where=("paused",), command="stop", activity=words)
        else:
            self.store.command(run_id, "stop", where=("running", "pausing"), status="stopping")
        return self.run(run_id)

    def withdraw(self, run_id: str, *, user: str | None = None) -> Run:
        """Take a run out of the queue; others stay as they are."""
        run = self._asked(run_id, user, "withdraw")
        reason = "Withdrawn while it waited to go on." if run.started else "Withdrawn before it began."
        self.store.end(run_id, "stopped", reason, where=("queued",), finished=run.finished or time.time())
        return self.run(run_id)

    def pause(self, run_id: str, *, user: str | None = None) -> Run:
        """Have a run write its state and free its slot; one that waits leaves the queue. `resume` lets it go on."""
        run = self._asked(run_id, user, "pause")
        if not self.store.command(run_id, "pause", where=("running",), status="pausing"):
            self.store.end(
                run_id, "paused", "Paused while it waited.", where=("queued",), finished=run.finished or time.time()
            )
        return self.run(run_id)

    def resume(self, run_id: str, *, user: str | None = None) -> Run:
        """Queue a run that rests before its end; it goes on from its last saved state, or from the start without one.

        Raises:
            RunError: it is finished.
        """
        run = self._asked(run_id, user, "resume")
        if run.status == "finished":
            raise RunError(f"Run {run_id} is finished: there is nothing to resume. Extend it by more epochs instead.")
        order: Command | None = "hold" if run.sweep else None
        self._queue(run, where=RESUMABLE, activity=WAITING, command=order)
        return self.run(run_id)

    def score(self, run_id: str, *, user: str | None = None) -> Run:
        """Have the kept weights of a sweep's trial meet the test split, which its training left alone.

        Raises:
            RunError: it has no weights, or its test score is there.
        """
        run = self._asked(run_id, user, "score")
        if not run.best_epoch or run.test_accuracy is not None:
            raise RunError(f"Run {run_id} has {'its test score' if run.best_epoch else 'no weights to score'}.")
        self._queue(run, where=("finished", "stopped"), activity="waiting to score the test split", command="score")
        return self.run(run_id)

    def extend(self, run_id: str, epochs: int, *, user: str | None = None) -> Run:
        """Let a finished run train for more epochs, with a schedule of their own, and be scored again.

        Raises:
            RecipeError: not a possible number of epochs.
            RunError: it is not finished.
        """
        run = self._asked(run_id, user, "extend")
        if run.status != "finished":
            raise RunError(f"Run {run_id} is {run.status}: only a finished run can be extended. Resume it instead.")
        recipe = Recipe.from_dict(run.recipe)
        recipe = replace(recipe, extensions=(*recipe.extensions, epochs))
        more = {"recipe": recipe.to_dict(), "epochs": recipe.epochs + sum(recipe.extensions)}
        self._queue(run, where=("finished",), activity=WAITING, **more)
        return self.run(run_id)

    def move(self, run_id: str, before: str | None, *, user: str | None = None) -> None:
        """Put a queued run in front of another of the same owner, or behind all of them with None.

        Raises:
            RunError: the other is not one of theirs that waits.
        """
        run = self._asked(run_id, user, "move")
        own = [one for one in self.store.runs(limit=1000, status=("queued",)) if one.user == run.user]
        rest = sorted(one.place for one in own if one.id != run_id)
        if before is None:
            place = rest[-1] + 1 if rest else run.place
        elif before == run_id:
            return
        else:
            target = next((one.place for one in own if one.id == before), None)
            if target is None:
                raise RunError(f"Run {before} does not wait in the same person's queue: choose one that does.")
            place = (target + max((p for p in rest if p < target), default=target - 2)) / 2
        self.store.update(run_id, where=("queued",), place=place)

    def rename(self, run_id: str, name: str, *, user: str | None = None) -> Run:
        """Call it something else."""
        return self._set(run_id, user, "rename", name=name_of(name))

    def tag(self, run_id: str, tags: Sequence[str], *, user: str | None = None) -> Run:
        """Replace its tags."""
        return self._set(run_id, user, "tag", tags=tags_of(tags))

    def star(self, run_id: str, on: bool, *, user: str | None = None) -> Run:
        """Mark it, or take the mark away."""
        return self._set(run_id, user, "star", starred=on)

    def remark(self, run_id: str, text: str, *, user: str | None = None) -> Run:
        """Replace the note that people keep with it."""
        return self._set(run_id, user, "annotate", remark=remark_of(text))

    def delete(self, run_id: str, *, user: str | None = None) -> None:
        """Remove a run that is at rest, with its rows and files.

        Raises:
            RunError: it waits or works.
        """
        self._asked(run_id, user, "delete")
        delete(self.store, self.home, run_id)

    def may(self, run: Run, user: str | None) -> bool:
        """Whether that user may change that run."""
        return user is None or not run.user or run.user == user or self.settings.anyone_controls

    def queue(self) -> tuple[Waiting, ...]:
        """The runs that wait, in the order in which they will start."""
        live = self.noticed(self.store.runs(limit=1000, status=LIVE))
        queued = [run for run in live if run.status == "queued"]
        if not queued:
            return ()
        busy = [run for run in live if run.status in BUSY]
        finished = self.store.runs(status=("finished",))
        line = order(queued, busy, self.store.last_starts())
        return forecast(line, busy, self.slots(), lambda run: expected(run, finished))

    def slots(self) -> int:
        """How many runs work at once on this server."""
        return kept(self.home).n_slots()

    def run(self, run_id: str) -> Run:
        """One run with its report; a dead worker is noticed here."""
        return self.noticed((self.store.run(run_id),))[0]

    def glance(self, run_id: str, after: int = 0) -> tuple[Run, tuple[Point, ...], tuple[Note, ...]]:
        """A run as `run` gives it, its metrics with a greater id than `after`, and its whole log."""
        run, points, notes = self.store.glance(run_id, after=after)
        return self.noticed((run,))[0], points, notes

    def runs(self, limit: int = 200) -> tuple[Run, ...]:
        """The newest runs, newest first, without their reports; dead workers are noticed here."""
        found = self.noticed(self.store.runs(limit=limit))
        if any(run.status == "queued" for run in found):
            launcher.ensure(self.home)
        return found

    def points(self, run_id: str, after: int = 0) -> tuple[Point, ...]:
        """The run's metrics with a greater id than `after`, in order."""
        return self.store.points(run_id, after=after)

    def notes(self, run_id: str, after: int = 0) -> tuple[Note, ...]:
        """The run's log lines with a greater id than `after`, in order."""
        return self.store.notes(run_id, after=after)

    def log(self, run_id: str) -> str:
        """What the worker printed, tracebacks included: for developers."""
        path = run_folder(self.home, run_id) / "log.txt"
        return path.read_text(errors="replace") if path.exists() else ""

    def noticed(self, runs: Sequence[Run]) -> tuple[Run, ...]:
        """The same as they are: those whose workers are dead are closed, or queued again."""
        again = kept(self.home).auto_resume if any(run.status in BUSY for run in runs) else False
        return tuple(noticed(self.store, self.home, run, self._watch, auto_resume=again) for run in runs)

    def _asked(self, run_id: str, user: str | None, verb: str) -> Run:
        run = self.run(run_id)
        if not self.may(run, user):
            raise RunError(
                f"Run {run_id} belongs to {run.user!r}: only its owner can {verb} it. Ask its owner, or duplicate it "
                "and work with your copy."
            )
        return run

    def _set(self, run_id: str, user: str | None, verb: str, **values: object) -> Run:
        self._asked(run_id, user, verb)
        self.store.update(run_id, **values)  # type: ignore[arg-type]
        return self.run(run_id)

    def _queue(self, run: Run, **values: Any) -> None:
        if self.store.requeue(run.id, **UNSCORED, **values):
            launcher.ring(self.home)
