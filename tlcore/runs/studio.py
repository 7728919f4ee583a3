"""What pages and the command line do with runs."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

from tlcore.data import Dataset, load_dataset
from tlcore.errors import RecipeError, RunError, WeightsError
from tlcore.runs import launcher
from tlcore.runs.liveness import noticed, run_folder
from tlcore.runs.records import Note, Point, Run
from tlcore.runs.store import open_store
from tlcore.strategies import FeatureExtraction
from tlcore.training import Recipe
from tlcore.zoo import backbone, learn, weights_state

__all__ = ["Studio", "check"]


class Studio:
    """The runs of one home. Any number of processes may have one at the same time."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.store = open_store(home)
        learn(home)

    def warm(self) -> None:
        """Start the process that forks workers, if it is not there; returns at once."""
        launcher.ensure(self.home)

    def launch(self, recipe: Recipe, *, name: str = "", user: str = "") -> Run:
        """Queue a training and have it started; returns at once.

        Raises:
            DataError: the dataset is not in this home.
            RecipeError: dataset and backbone do not fit.
            WeightsError: the backbone's weights are not on this machine.
        """
        dataset = load_dataset(self.home, recipe.dataset)
        check(recipe, dataset)
        run = self.store.create(
            id=f"{time.strftime('%m%d')}-{secrets.token_hex(3)}",
            name=name.strip() or f"{backbone(recipe.backbone).title} on {dataset.name}",
            user=user,
            dataset=dataset.id,
            dataset_name=dataset.name,
            modality=dataset.modality,
            backbone=recipe.backbone,
            strategy=recipe.strategy.name,
            recipe=recipe.to_dict(),
            epochs=recipe.epochs,
            activity="waiting for a free slot",
        )
        launcher.ring(self.home)
        return run

    def stop(self, run_id: str) -> Run:
        """Ask a run to stop; the best model so far is kept. Pressing twice does no harm.

        Raises:
            RunError: there is no such run.
        """
        if self.store.update(run_id, where=("running", "paused"), status="stopping"):
            self.store.command(run_id, "stop")
        else:
            self.store.end(run_id, "stopped", "Withdrawn before it began.", where=("queued",))
        return self.run(run_id)

    def resume(self, run_id: str) -> Run:
        """Queue a run that ended before its time; it goes on from its last saved state, or from the start without one.

        Pressing twice does no harm.

        Raises:
            RunError: there is no such run, or it is finished.
        """
        run = self.run(run_id)
        if run.status == "finished":
            raise RunError(f"Run {run_id} is finished: there is nothing to resume.")
        if not run.live:
            self.store.forget_commands(run_id)
        again = {"status": "queued", "reason": "", "finished": None, "activity": "waiting for a free slot"}
        again |= {"report": None, "test_accuracy": None, "test_macro_f1": None}  # of an end that was none
        if self.store.update(run_id, where=("interrupted", "stopped", "failed"), **again):
            launcher.ring(self.home)
        return self.run(run_id)

    def run(self, run_id: str) -> Run:
        """One run with its report; a dead worker is noticed here.

        Raises:
            RunError: there is no such run.
        """
        return noticed(self.store, self.home, self.store.run(run_id))

    def runs(self, limit: int = 200) -> tuple[Run, ...]:
        """The newest runs, newest first, without their reports; dead workers are noticed here."""
        found = tuple(noticed(self.store, self.home, run) for run in self.store.runs(limit=limit))
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


def check(recipe: Recipe, dataset: Dataset) -> None:
    """Refuse what cannot work before anything starts.

    Raises:
        RecipeError: dataset and backbone do not fit.
        WeightsError: the backbone's weights are not on this machine.
    """
    record = backbone(recipe.backbone)
    if record.modality != dataset.modality:
        raise RecipeError(
            f"{record.title} reads {record.modality}s, but the dataset {dataset.name!r} holds {dataset.modality}s. "
            "Choose a backbone of the same kind."
        )
    recipe.augmentation.check(dataset.modality, frozen=isinstance(recipe.strategy, FeatureExtraction))
    state = weights_state(record, dataset.home)
    if recipe.strategy.pretrained and not state.ready:
        raise WeightsError(state.detail)
