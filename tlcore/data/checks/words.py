"""Numbers in the sentences of findings."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["counted", "named", "share"]

NAMED = 3


def counted(n: int, what: str) -> str:
    """`1 image`, `2 images`, `2 classes`, `3 copies`, `4 entries`."""
    if n == 1:
        return f"1 {what}"
    ending = "es" if what.endswith("ss") else "s"
    return f"{n:,} {what[:-1]}ies" if what.endswith("y") else f"{n:,} {what}{ending}"


def share(n: int, total: int) -> str:
    """A part of the whole in percent."""
    return f"{100 * n / max(1, total):.1f} %"


def named(names: Sequence[str], most: int = NAMED) -> str:
    """The first few in quotes, and how many more."""
    shown = ", ".join(repr(name) for name in names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown
