"""Something to say about a training, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["LEVELS", "Finding", "Level", "counted", "percent"]

Level = Literal["error", "warning", "info"]
LEVELS: tuple[Level, ...] = ("error", "warning", "info")
"""From what should keep a training from beginning to what is good to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found, in words for people."""

    code: str
    """The same for the same kind of finding, so that a caller can say each only once."""
    level: Level
    title: str
    text: str
    """The evidence in numbers, and the advice."""
    fix: Mapping[str, Any] = field(default_factory=dict)
    """Changes by dotted key of `Recipe.to_dict()`, for `apply`; empty where a recipe cannot mend it."""
    fix_title: str = ""
    """What a button would say; empty without a fix."""


def counted(n: int, what: str) -> str:
    """`1 epoch`, `2 epochs`."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def percent(share: float) -> str:
    """0.0371 is `3.7 %`."""
    return f"{100 * share:.1f} %"
