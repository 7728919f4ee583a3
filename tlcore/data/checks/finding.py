"""What the checks of a dataset say, and what can be done about it, as plain records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["LEVELS", "Finding", "Fix", "Histogram", "Level", "Report"]

Level = Literal["error", "warning", "info"]
LEVELS: tuple[Level, ...] = ("error", "warning", "info")
"""From what makes a score wrong to what is good to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A change of the dataset that answers a finding."""

    title: str
    """What a button says."""
    change: str
    """What was done, for the history of the dataset that comes of it."""
    drop: tuple[int, ...] = ()
    """Rows of the manifest to leave out."""
    merge: tuple[tuple[str, str], ...] = ()
    """Classes and the class that each becomes."""
    together: tuple[tuple[int, ...], ...] = ()
    """Rows that from now on never lie in different splits; the data are split anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found."""

    check: str
    """The name of the check that found it."""
    level: Level
    title: str
    text: str
    """The evidence in numbers, and why it matters."""
    n: int
    """How many samples, files or classes it concerns."""
    rows: tuple[int, ...] = ()
    """Rows of the manifest that it concerns, the clearest cases first."""
    groups: tuple[tuple[int, ...], ...] = ()
    """Rows that belong together, the one to keep first; empty where each row stands for itself."""
    places: tuple[str, ...] = ()
    """Files, lines or classes, where there is no row to point to."""
    fixes: tuple[Fix, ...] = ()
    """The usual one first; empty where only a person can help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How a measure is distributed."""

    name: str
    title: str
    unit: str
    """What stands at the axis."""
    edges: tuple[float, ...]
    """Of the bins, one more than counts."""
    counts: tuple[int, ...]
    """Samples in each bin."""
    marks: tuple[tuple[float, str], ...] = ()
    """Lines with their words: from or up to where something is flagged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that the checks of one dataset found."""

    dataset: str
    """Its id."""
    findings: tuple[Finding, ...]
    """Errors first."""
    passed: tuple[str, ...]
    """Names of checks that found nothing."""
    histograms: tuple[Histogram, ...]
    n_measured: int
    """Samples that were measured just now; the others were known from before."""
    seconds: float
    """It took."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Report:
        """The inverse of `to_dict`, also after JSON has made lists of tuples."""
        values = {
            "findings": tuple(_finding(one) for one in plain["findings"]),
            "passed": tuple(plain["passed"]),
            "histograms": tuple(Histogram(**_tupled(one)) for one in plain["histograms"]),
        }
        return cls(**{**plain, **values})


def _finding(plain: Mapping[str, Any]) -> Finding:
    fixes = tuple(Fix(**_tupled(fix)) for fix in plain["fixes"])
    return Finding(**{**_tupled(plain), "fixes": fixes})


def _tupled(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _tuple(value) for key, value in plain.items()}


def _tuple(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, list | tuple) else value
