"""What every mirror can do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from tlcore.errors import RunError
from tlcore.runs.records import Point, Run

__all__ = ["Mirror", "need", "tame"]

_FOREIGN = re.compile(r"[^\w\-. /]+")


class Mirror(Protocol):
    """Takes a run's metrics as they come. What it raises leaves the run alone: it is fed again, from the beginning."""

    name: str
    """As people call it."""

    def begin(self, run: Run) -> None:
        """Before the first points, and again where a run went back to its saved state: all points follow again."""

    def take(self, points: Sequence[Point]) -> None:
        """Metrics, in order."""

    def end(self, run: Run, folder: Path) -> None:
        """The run is over; `folder` has what it made."""


def tame(name: str) -> str:
    """A metric's name with nothing in it but letters, digits, and what both MLflow and TensorBoard take."""
    return _FOREIGN.sub("_", name)


def need(package: str, variable: str, installs: str) -> None:
    """Refuse to mirror without a package.

    Raises:
        RunError: it is not installed.
    """
    if find_spec(package) is None:
        raise RunError(
            f"{variable} is set, but the package {package} is not installed, so nothing is mirrored. "
            f"Install it: pip install {installs}"
        )
