"""What the store holds, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["BUSY", "LIVE", "REST", "RESUMABLE", "STATES", "Command", "Level", "Note", "Point", "Run", "Status"]

Status = Literal["queued", "running", "pausing", "paused", "stopping", "finished", "stopped", "failed", "interrupted"]
Level = Literal["info", "phase", "warning", "error"]
Command = Literal["stop", "pause", "hold", "score"]
"""`hold`: end without a look at the test split. `score`: do no more than that look, with the weights that are kept."""
STATES: tuple[Status, ...] = (
    "queued",
    "running",
    "pausing",
    "paused",
    "stopping",
    "finished",
    "stopped",
    "failed",
    "interrupted",
)
BUSY: frozenset[Status] = frozenset({"running", "pausing", "stopping"})
"""A worker has it, and with it a slot."""
LIVE: frozenset[Status] = BUSY | {"queued"}
"""It moves by itself: worth looking at again."""
RESUMABLE: frozenset[Status] = frozenset({"paused", "stopped", "failed", "interrupted"})
"""It rests before its planned end and can go on."""
REST: frozenset[Status] = RESUMABLE | {"finished"}
"""No process has it or will: it can be deleted."""


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
    """When its worker last began."""
    finished: float | None
    """When it last came to rest."""
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
    starred: bool = False
    tags: Sequence[str] = ()
    remark: str = ""
    """What people noted about it."""
    place: float = 0.0
    """Order among the queued runs of one user: the lowest first."""
    worked: float = 0.0
    """Seconds of the lives before the last one: a pause, an interruption and an extension end one."""
    beat: int = 0
    """Counts its worker's signs of life."""
    claim: int = 0
    """How often a worker has taken it; one writes only while the number is its own."""
    slot: int | None = None
    """Which of its server's slots it has or had, from 0."""
    boot: str = ""
    """Of the machine when its worker began."""
    sweep: str | None = None
    """The sweep that it is a trial of."""
    trial: int | None = None
    """Which of the sweep's trials it is, from 1."""

    @property
    def live(self) -> bool:
        """It waits, works, or is about to pause or stop."""
        return self.status in LIVE

    def progress(self, now: float) -> float:
        """Share of its time that is over, in [0, 1], as the worker's estimate has it."""
        spent = self.seconds(now)
        if not self.live:
            return 1.0
        return spent / (spent + self.eta) if spent and self.eta is not None else 0.0

    def seconds(self, now: float) -> float:
        """Seconds of work, all its lives together, up to its end or `now` (unix seconds); waiting is not counted."""
        until = self.finished if self.status == "queued" else self.finished or now
        return self.worked + (max(0.0, until - self.started) if until and self.started else 0.0)


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
