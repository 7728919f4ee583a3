"""Values as a reader takes them in."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Sequence
from typing import Any

from tlcore.runs.records import Run

__all__ = ["moment", "shown", "used", "visible"]


def moment(seconds: float) -> str:
    """Unix seconds as a date and time of the machine, with its zone."""
    return time.strftime("%Y-%m-%d %H:%M %Z", time.localtime(seconds))


def shown(value: Any) -> str:
    """A recipe's value; a dash where it has none."""
    if value is None:
        return "–"
    return ", ".join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)


def used(run: Run) -> str:
    """How often this run's scores have met the test split, as a sentence; empty before the first."""
    if run.report is None:
        return ""
    times = int(run.report.get("scorings", 1))
    if times == 1:
        return "Test was used once, after training ended."
    return f"Test was used {times:,} times: whoever went on because of an earlier score has chosen by it."


def visible(value: Any) -> Any:
    """A text without control characters or marks that reverse the direction of reading; anything else as it is."""
    if type(value) is not str:
        return value
    return "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c not in "\n\t" else c for c in value)
