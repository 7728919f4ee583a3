"""Which answers are to be explained, and how: what a page asks the job for, and what the job leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlcore.errors import RunError
from tlcore.runs import jobs
from tlcore.runs.records import Run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MOST_CHARACTERS", "Source", "heat_of", "input_of", "question"]

MOST_CHARACTERS = 100_000
"""Of a text that is explained; what lies beyond is not read by any model here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One input: a row of a dataset, an input of a try, or a text. Exactly one of the three.

    Raises:
        RunError: none of them, or more than one.
    """

    dataset: str = ""
    """Id of a stored dataset, whose `row` is meant."""
    row: int | None = None
    """Of the dataset's manifest."""
    of: str = ""
    """Run whose try `token` brought the input."""
    token: str = ""
    """As `tlcore.runs.tries` names it."""
    place: int = 0
    """Of the input among those of the try."""
    text: str = ""
    """As a user typed it."""

    def __post_init__(self) -> None:
        given = (bool(self.dataset) and self.row is not None, bool(self.of and self.token), bool(self.text))
        if sum(given) != 1:
            raise RunError("What is explained is a row of a dataset, an input of a try, or a text: one of them.")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without what is not said."""
        return {key: value for key, value in asdict(self).items() if value not in ("", None)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Source:
        """The inverse of `to_dict`."""
        return cls(**plain)


def question(run: Run, sources: Sequence[Source], *, target: int | None = None, method: str = "") -> dict[str, Any]:
    """What the job "explain" is asked about inputs of a run.

    Args:
        run: Its best epoch's weights answer.
        sources: Explained one after the other, with the model loaded once.
        target: The class whose score is explained; the answered one of each input without.
        method: One of `METHODS`; the one that fits the network best without.
    """
    return {
        "run": run.id,
        "epoch": run.best_epoch,
        "sources": [source.to_dict() for source in sources],
        "target": target,
        "method": method,
    }


def input_of(home: Path, about: Mapping[str, Any], place: int = 0) -> Path:
    """The PNG of the input `place` as the model read it; there once the job is done."""
    return jobs.place(home, "explain", about) / f"input-{place}.png"


def heat_of(home: Path, about: Mapping[str, Any], place: int = 0) -> NDArray[np.float32]:
    """The map (H, W) over that picture.

    Raises:
        RunError: it is not there, or cannot be read.
    """
    import numpy as np

    path = jobs.place(home, "explain", about) / f"heat-{place}.npz"
    try:
        with np.load(path, allow_pickle=False) as file:
            heat: NDArray[np.float32] = file["heat"]
    except (OSError, ValueError, KeyError) as error:
        raise RunError(f"The map {path.name} cannot be read ({error}); ask for it again.") from error
    return heat
