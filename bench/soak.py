"""Workers killed with SIGKILL at random moments, and what became of their runs: nothing lost, nothing left over."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from bench.timing import Row, stopwatch
from tests.conftest import end_processes
from tlcore.data import add_sample
from tlcore.lock import is_held
from tlcore.runs import LIVE, Run, Studio, run_folder
from tlcore.training import Recipe

__all__ = ["Soak", "Soaked", "measure"]

KILLS, EPOCHS, BATCH = 200, 60, 16
LONGEST_LIFE = 4.0
"""Seconds that a worker may live at most: more than lie between two saved states, so that runs get on."""
NURSERIES = 0.1
"""Share of kills that take the nursery along."""
PATIENCE, LEAVING_SECONDS = 600.0, 20.0
SAID = 20
"""Kills between two lines of progress."""
Losses = list[tuple[int, float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaked:
    """What was found."""

    kills: int
    nurseries: int
    """Of them with the nursery."""
    runs: int
    """Brought to their end in spite of them."""
    lost_epochs: int
    """Finished epochs that are missing, doubled, or have another loss than in a run that was left alone."""
    backward: int
    """Times that a saved state was older than the one before."""
    unreadable: int
    """Saved states that could not be read."""
    orphans: int
    """Processes and locks left at the end."""


class Soak:
    """A home whose workers are killed."""

    def __init__(self, home: Path, seed: int = 0) -> None:
        home.mkdir(exist_ok=True)
        self.studio, self._random = Studio(home), random.Random(seed)
        self._dataset = add_sample("messages", home)
        self.kills = self.nurseries = self.backward = self.unreadable = 0

    def run(self, kills: int, epochs: int = EPOCHS) -> Soaked:
        """Train pairs of runs, one left alone and one killed again and again, until there were so many kills."""
        runs = lost = 0
        while self.kills < kills:
            recipe = Recipe(
                dataset=self._dataset.id, backbone="minilm", epochs=epochs, batch_size=BATCH, seed=runs, patience=0
            )
            whole = self.losses(self.end(self.studio.launch(recipe, name=f"whole {runs}")))
            killed = self.losses(self.survive(self.studio.launch(recipe, name=f"killed {runs}"), kills))
            lost += sum(one != other for one, other in zip(whole, killed, strict=False)) + abs(len(whole) - len(killed))
            runs += 1
        return Soaked(
            kills=self.kills,
            nurseries=self.nurseries,
            runs=runs,
            lost_epochs=lost,
            backward=self.backward,
            unreadable=self.unreadable,
            orphans=self.orphans(),
        )

    def survive(self, run: Run, kills: int) -> Run:
        """Kill its worker at random moments, resume it each time, and let it end when there were enough kills."""
        step = 0
        while self.kills < kills:
            run = self.until(run, lambda run: (run.status == "running" and bool(run.pid)) or not run.live)
            time.sleep(self._random.uniform(0, LONGEST_LIFE))
            run = self.studio.run(run.id)
            if not run.live:
                break
            self.kill(run)
            run = self.until(run, lambda run: not run.live)
            if run.status == "finished":  # it ended before the signal came
                break
            step = self.state(run, step)
            run = self.studio.resume(run.id)
        return self.end(run)

    def kill(self, run: Run) -> None:
        """Its worker, and sometimes the nursery with it."""
        assert run.pid
        try:
            nursery = psutil.Process(run.pid).parent() if self._random.random() < NURSERIES else None
            if nursery and nursery.pid > 1:
                nursery.kill()
                self.nurseries += 1
            os.kill(run.pid, signal.SIGKILL)
        except (ProcessLookupError, psutil.NoSuchProcess):
            return
        self.kills += 1
        if self.kills % SAID == 0:
            print(f"soak: {self.kills} kills, {self.unreadable} states unreadable", file=sys.stderr, flush=True)

    def state(self, run: Run, before: int) -> int:
        """The step of the saved state; it is read as a resumed run reads it."""
        path = run_folder(self.studio.home, run.id) / "state.pt"
        if not path.exists():
            return before
        try:
            step = int(torch.load(path, map_location="cpu", weights_only=True)["position"]["step"])
        except Exception:  # torch's reader raises many kinds; each of them is one state lost
            self.unreadable += 1
            return before
        self.backward += step < before
        return step

    def end(self, run: Run) -> Run:
        """Its end."""
        run = self.until(run, lambda run: not run.live)
        if run.status != "finished":
            raise RuntimeError(f"Run {run.id} ended as {run.status}: {run.reason}\n{self.studio.log(run.id)}")
        return run

    def until(self, run: Run, done: object) -> Run:
        """Look at it until it is as wished."""
        deadline = time.monotonic() + PATIENCE
        while not done(run):  # type: ignore[operator]
            if time.monotonic() > deadline:
                raise RuntimeError(f"Run {run.id} is still {run.status}: {run.activity}\n{self.studio.log(run.id)}")
            time.sleep(0.02)
            self.studio.warm()
            run = self.studio.run(run.id)
        return run

    def losses(self, run: Run) -> Losses:
        """Of each finished epoch, as the store has them."""
        points = [point for point in self.studio.points(run.id) if point.scope == "epoch"]
        return [(point.epoch, point.values["train_loss"], point.values["val_loss"]) for point in points]

    def orphans(self) -> int:
        """What still works though every run is over: live rows, locks that are held, workers beside the nursery."""
        deadline = time.monotonic() + LEAVING_SECONDS
        while (left := self.left()) and time.monotonic() < deadline:
            time.sleep(0.2)
        return left

    def left(self) -> int:
        """Of those, how many there are now. Workers and nurseries lead a session of their own."""
        home = self.studio.home
        held = sum(is_held(path) for path in (home / "runs").glob("*/lock"))
        live = len(self.studio.store.runs(status=LIVE))
        named = [one for one in psutil.process_iter(["cmdline"]) if str(home) in (one.info["cmdline"] or ())]
        leaders = [one for one in named if _leads(one) and "-m" in one.info["cmdline"]]
        return held + live + max(0, len(leaders) - 1)


def _leads(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and os.getsid(process.pid) == process.pid
    except (psutil.NoSuchProcess, ProcessLookupError):
        return False


def measure(folder: Path, kills: int = KILLS) -> Iterator[Row]:
    """Say what was found; the ratio is of finished epochs that were lost."""
    try:
        with stopwatch() as watch:
            found = Soak(folder / "home").run(kills)
    finally:
        end_processes(folder)
    words = (
        f"epochs lost; {found.nurseries} kills with the nursery, {found.runs} runs finished, {found.unreadable} states "
        f"unreadable, {found.backward} older than before, {found.orphans} processes or locks left"
    )
    subject = f"{found.kills} kills"
    yield Row(
        claim="soak", subject=subject, seconds=watch.seconds, ratio=float(found.lost_epochs), means=words, target="0"
    )
