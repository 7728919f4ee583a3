"""Values as a reader takes them in."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Sequence
from typing import Any

from tlcore.runs.records import Run

__all__ = ["duration", "moment", "percent", "shown", "used", "visible"]


def percent(share: float | None) -> str:
    """A share in [0, 1] with one decimal; a dash where there is none."""
    return "–" if share is None else f"{100 * share:.1f} %"


def duration(seconds: float) -> str:
    """Seconds as `8 s`, `3 min 5 s` or `2 h 10 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


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
