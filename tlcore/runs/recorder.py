"""From the events of a training to rows, at most five writes a second however fast the steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tlcore.advisor.diagnosis import diagnose
from tlcore.device import Meter
from tlcore.errors import RunError, StoreError
from tlcore.features.feeds import Feeds
from tlcore.runs.patience import Backoff
from tlcore.runs.records import Level
from tlcore.runs.store import Store
from tlcore.training.events import (
    EpochDone,
    Evaluated,
    Event,
    Finished,
    PhaseStarted,
    RunStarted,
    SavePoint,
    StepDone,
    Told,
    Warned,
)

__all__ = ["Recorder", "TakenOverError"]

WRITE_SECONDS = 0.2
STEPS_PER_WRITE = 40
METER_SECONDS = 1.0
EPOCH_VALUES = ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "val_macro_f1")


class TakenOverError(RunError):
    """Another worker has the run."""


class Recorder:
    """Takes every event, writes some of the time, and hears the commands left for the run when it does.

    What cannot be written now, since the store is locked or away, is kept and written with the next.
    """

    def __init__(
        self,
        store: Store,
        run_id: str,
        data: Feeds,
        *,
        claim: int | None = None,
        n_classes: int = 0,
        meter: Meter | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._run, self._claim, self._data, self._meter = store, run_id, claim, data, meter
        self._clock, self._now, self._backoff = clock, now, Backoff(clock=clock)
        self._metered, self._samples = clock(), 0
        self._step = 0
        self._n_classes, self._history, self._said = n_classes, list[EpochDone](), set[str]()
        self._points: list[dict[str, Any]] = []
        self._notes: list[dict[str, Any]] = []
        self._steps: list[StepDone] = []
        self._columns: dict[str, Any] = {}
        self._held: dict[str, Any] = {}
        self._epochs = self._total_steps = 0
        self._written = clock()
        self._first: tuple[int, float] | None = None  # the first step that was told, and when, without embedding
        self._heard = self._embedded = 0
        self.stop = False
        """A stop was asked for."""
        self.pause = False
        """A pause was asked for."""
        self.hold = False
        """The test split is to be left alone."""
        self.best: EpochDone | None = None

    def take(self, event: Event) -> None:
        """Note the event; write if the last write is long enough ago, and always at an epoch's end."""
        match event:
            case RunStarted():
                self._epochs, self._total_steps = event.epochs, event.steps
                self._columns |= {"epochs": event.epochs, "steps": event.steps, "activity": "starting"}
                self._run_started(event)
            case PhaseStarted():
                self._phase_started(event)
            case StepDone():
                self._steps.append(event)
                self._samples += event.n
                self._step = event.step
            case Evaluated():
                self._columns["activity"] = (
                    f"scoring the {event.split} split, {event.done:,} of {event.total:,} samples"
                )
            case EpochDone():
                self._epoch_done(event)
            case Told():
                self.note(event.text, step=self._step)
            case Warned():
                self.note(event.text, level="warning", step=self._step)
            case Finished() | SavePoint():
                pass
        if self._clock() - self._written >= WRITE_SECONDS or isinstance(event, RunStarted):
            self.flush()

    def note(self, words: str, *, level: Level = "info", step: int | None = None) -> None:
        """A line for the run's log, with the next write."""
        self._notes.append({"time": self._now(), "level": level, "text": words, "step": step})

    def flush(self) -> None:
        """Write what is pending and read the commands, unless the store did not answer a moment ago.

        Raises:
            TakenOverError: another worker has the run.
            StoreError: the store has not answered for very long.
        """
        self._held |= self._pace() | self._columns
        self._columns = {}
        self._points += [_point(step, self._now()) for step in _thinned(self._steps)]
        self._points += self._usage()
        self._points.sort(key=lambda point: (point["step"], point["scope"] == "epoch"))
        self._steps = []
        self._written = self._clock()
        if self._backoff.due:
            self._write()

    def finish(self, sleep: Callable[[float], None] = time.sleep) -> None:
        """Write all that is pending, waiting for the store if need be.

        Raises:
            TakenOverError, StoreError: as `flush`.
        """
        self.flush()
        while self._points or self._notes or self._held:
            sleep(self._backoff.seconds)
            self.flush()

    def _write(self) -> None:
        try:
            mine = self._store.record(self._run, self._points, notes=self._notes, claim=self._claim, **self._held)
            self._points, self._notes, self._held = [], [], {}
            orders = self._store.commands(self._run, after=self._heard)
        except StoreError as error:
            self._backoff.failed(error)
            return
        self._backoff.worked()
        if not mine:
            raise TakenOverError(f"Run {self._run} was taken over by another worker.")
        for number, command in orders:
            self._heard = number
            self.stop, self.pause = self.stop or command == "stop", self.pause or command == "pause"
            self.hold = self.hold or command == "hold"

    def _usage(self) -> list[dict[str, Any]]:
        """One reading of the machine, if the last one is long enough ago."""
        now = self._clock()
        since = now - self._metered
        if self._meter is None or since < METER_SECONDS or not self._samples:
            return []
        used = self._meter.read()
        values = {"samples_per_second": self._samples / since, "memory": float(used.memory), "busy": used.busy}
        self._metered, self._samples = now, 0
        return [
            {
                "scope": "system",
                "step": self._step,
                "epoch": self._held.get("epoch", 0),
                "time": self._now(),
                "values": values,
            }
        ]

    def _pace(self) -> dict[str, Any]:
        """What it does now, and the seconds to go: samples to embed and steps to take, each at its pace so far.

        The first step is slower than the rest, so it makes no estimate.
        """
        if not self._steps:
            return {}
        step, embedding = self._steps[-1], self._data.embedding()
        words = f"epoch {step.epoch} of {self._epochs}"
        if embedding.left and embedding.fresh > self._embedded:
            words += f", embedding each sample once: {embedding.done:,} of {embedding.total:,}"
        self._embedded = embedding.fresh
        to_embed = embedding.left * embedding.seconds / embedding.fresh if embedding.fresh else 0.0
        now = {"step": step.step, "epoch": step.epoch, "activity": words}
        spent = self._clock() - embedding.seconds
        if self._first is None:
            self._first = (step.step, spent)
        first, then = self._first
        if step.step == first:
            return now
        per_step = max(0.0, spent - then) / (step.step - first)
        return now | {"eta": to_embed + (self._total_steps - step.step) * per_step}

    def _run_started(self, event: RunStarted) -> None:
        self._step, self.best = event.step, event.best
        done = f", going on after step {event.step:,}" if event.step else ""
        precise = "" if event.precision == "float32" else f" The backbone computes in {event.precision}."
        self.note(
            f"Training {event.trainable:,} of {event.total:,} parameters, {event.steps:,} steps{done}.{precise}",
        )

    def _phase_started(self, event: PhaseStarted) -> None:
        still = f" {event.batch_norms:,} BatchNorm layers stay frozen." if event.batch_norms else ""
        self.note(
            f"Phase {event.name!r} from epoch {event.epoch}: {event.trainable:,} parameters train.{still}",
            level="phase",
            step=self._step,
        )

    def _epoch_done(self, event: EpochDone) -> None:
        values = {name: getattr(event, name) for name in EPOCH_VALUES}
        self._points.append(
            {"scope": "epoch", "step": event.step, "epoch": event.epoch, "time": self._now(), "values": values}
        )
        self._diagnose(event)
        if event.best:
            self.best = event
            self._columns |= {"best_epoch": event.epoch, "val_accuracy": event.val_accuracy}

    def _diagnose(self, event: EpochDone) -> None:
        """Say what the curves show, each thing once."""
        self._history.append(event)
        for finding in diagnose(self._history, self._n_classes) if self._n_classes else ():
            if finding.code not in self._said:
                self._said.add(finding.code)
                level: Level = "warning" if finding.level == "warning" else "info"
                self.note(f"{finding.title}. {finding.text}", level=level, step=event.step)


def _point(step: StepDone, now: float) -> dict[str, Any]:
    values = {"train_loss": step.loss, "train_accuracy": step.accuracy}
    values |= {f"lr {pattern}": lr for pattern, lr in step.lrs.items()}
    if step.grad_norm is not None:
        values["grad_norm"] = step.grad_norm
    return {"scope": "step", "step": step.step, "epoch": step.epoch, "time": now, "values": values}


def _thinned(steps: list[StepDone]) -> list[StepDone]:
    """At most `STEPS_PER_WRITE` of them: of each stretch the one with the highest loss, so that spikes stay."""
    width = -(-len(steps) // STEPS_PER_WRITE)
    if width <= 1:
        return steps
    return [max(steps[i : i + width], key=lambda step: step.loss) for i in range(0, len(steps), width)]
