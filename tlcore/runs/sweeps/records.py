"""A sweep and its trials as the store holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tlcore.runs.sweeps.plan import Plan

__all__ = ["AT_WORK", "State", "Sweep", "Trial"]

State = Literal["running", "stopping", "scoring", "finished", "stopped", "failed"]
"""`stopping`: its runs are being ended; `scoring`: the winner meets the test split."""
AT_WORK: tuple[State, ...] = ("running", "scoring", "stopping")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A search over recipes, from the click to its winner."""

    id: str
    name: str
    user: str
    state: State
    reason: str
    """Why it ended, or is about to; for people. Empty where it simply came to its end."""
    activity: str
    """What it does now, for people."""
    dataset: str
    dataset_name: str
    modality: str
    plan: Mapping[str, Any]
    estimate: float | None
    """Seconds that it was thought to take; None where no pace was known."""
    created: float
    """Unix seconds."""
    finished: float | None
    worked: float
    """Seconds so far in which a run of it was at work; what the budget counts."""
    winner: str | None
    """The run that val picked in the end."""
    place: str
    """Host and home that drive it."""

    @property
    def live(self) -> bool:
        """It works, or is about to end."""
        return self.state in AT_WORK

    def planned(self) -> Plan:
        """The plan as a record."""
        return Plan.from_dict(self.plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One combination that was proposed."""

    sweep: str
    number: int
    """From 1."""
    values: Mapping[str, Any]
    launched: bool
    """Its run was queued, whatever became of it."""
    problem: str
    """Why it has no run: its values do not go together."""
