"""What the store holds, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["BUSY", "LIVE", "STATES", "Command", "Level", "Note", "Point", "Run", "Status"]

Status = Literal["queued", "running", "paused", "stopping", "finished", "stopped", "failed", "interrupted"]
Level = Literal["info", "phase", "warning", "error"]
Command = Literal["stop", "pause", "resume"]
STATES: tuple[Status, ...] = (
    "queued",
    "running",
    "paused",
    "stopping",
    "finished",
    "stopped",
    "failed",
    "interrupted",
)
BUSY: frozenset[Status] = frozenset({"running", "paused", "stopping"})
LIVE: frozenset[Status] = BUSY | {"queued"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One training, from the click to its report."""

    id: str
    name: str
    user: str
    status: Status
    reason: str
    """Why it ended as it did, or waits; for people."""
    dataset: str
    dataset_name: str
    modality: str
    backbone: str
    strategy: str
    recipe: Mapping[str, Any]
    created: float
    """Unix seconds, like all times here."""
    started: float | None
    finished: float | None
    pid: int | None
    host: str
    activity: str
    """What the worker does now, for people."""
    epoch: int
    """The epoch under way, from 1; 0 before the first."""
    epochs: int
    step: int
    steps: int
    """Optimizer steps in all."""
    eta: float | None
    """Seconds still to go, as the worker estimates."""
    best_epoch: int | None
    val_accuracy: float | None
    """At the best epoch, in [0, 1]."""
    test_accuracy: float | None
    test_macro_f1: float | None
    report: Mapping[str, Any] | None

    @property
    def live(self) -> bool:
        """It waits, works or is about to stop."""
        return self.status in LIVE

    def progress(self, now: float) -> float:
        """Share of its time that is over, in [0, 1], as the worker's estimate has it."""
        spent = self.seconds(now)
        if not self.live:
            return 1.0
        return spent / (spent + self.eta) if spent and self.eta is not None else 0.0

    def seconds(self, now: float) -> float:
        """Seconds since it began, up to its end or `now` (unix seconds)."""
        return max(0.0, (self.finished or now) - self.started) if self.started else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Metrics at one step, at the end of one epoch, or of the machine at that time."""

    id: int
    """Grows with time: read on from the last one held."""
    scope: Literal["step", "epoch", "system"]
    step: int
    epoch: int
    time: float
    values: Mapping[str, float]
    """By name. Steps: train_loss, train_accuracy, `lr PATTERN` for each group, grad_norm where it was measured.
    Epochs: train_loss, train_accuracy, val_loss, val_accuracy, val_macro_f1.
    System: samples_per_second, memory (bytes), busy (share of the device, or of all cores, in [0, 1])."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A line of a run's log for people."""

    id: int
    time: float
    level: Level
    text: str
    step: int | None = None
    """Where on the charts it belongs, if anywhere."""
