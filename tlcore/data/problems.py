"""What was left out or noticed, told in few sentences and kept in full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tlcore.data.names import readable

__all__ = ["Findings", "Problem", "Rejected"]

MAX_NAMES = 20
UNITS = ("line", "row", "item")
"""What a place in a table is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing the user should know about their data."""

    where: str
    """The file, class or line; where there are many, their number and the first 20."""
    what: str
    """One sentence."""
    advice: str
    """One sentence: what to do about it."""

    def __str__(self) -> str:
        return f"{self.where}: {self.what} {self.advice}".strip()


class Rejected(Exception):
    """One file or line cannot be used; the others go on."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason, advice)
        self.reason, self.advice = reason, advice


class Findings:
    """Collects what an ingest comes across; not for several threads."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str, bool], list[str]] = {}

    def leave_out(self, where: str, reason: str, advice: str) -> None:
        """`where` will not be in the dataset because of `reason`, a clause that fits one and many."""
        self._groups.setdefault((reason, advice, True), []).append(readable(where))

    def note(self, where: str, what: str, advice: str = "") -> None:
        """Something worth a sentence, though nothing is lost."""
        self._groups.setdefault((what, advice, False), []).append(readable(where))

    def problems(self) -> tuple[Problem, ...]:
        """One for each reason, in the order they were met."""
        return tuple(
            Problem(where=_list(names), what=f"Left out: {what}." if lost else what, advice=advice)
            for (what, advice, lost), names in self._groups.items()
        )

    def left_out(self) -> Iterator[tuple[str, str]]:
        """Every single (where, why)."""
        for (reason, _, lost), names in self._groups.items():
            if lost:
                yield from ((name, reason) for name in names)

    def first(self) -> str:
        """The first problem as a clause to end an error with, or nothing."""
        for (reason, _, lost), names in self._groups.items():
            if lost:
                return f" ({len(names):,} left out, first {names[0]}: {reason})"
        return ""


def _list(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    unit = next((unit for unit in UNITS if all(name.startswith(f"{unit} ") for name in names)), "")
    shown = ", ".join(name.removeprefix(f"{unit} ") for name in names[:MAX_NAMES])
    more = f" and {len(names) - MAX_NAMES:,} more" if len(names) > MAX_NAMES else ""
    return f"{unit}s {shown}{more}" if unit else f"{len(names):,} in all: {shown}{more}"
