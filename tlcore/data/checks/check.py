"""The registry of checks, and the evidence that each is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from tlcore.data.checks.finding import Finding
from tlcore.data.dataset import Modality

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Check", "Evidence", "Reads", "checks", "register"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What a text backbone can read."""

    title: str
    """Of the backbone, for people."""
    max_tokens: int
    """Longest text in tokens, special ones included."""
    languages: tuple[str, ...]
    """ISO 639-1 codes of those it was trained on; empty where it was many, or is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was measured of a dataset, once, for all checks. No sample is read again."""

    modality: Modality
    classes: tuple[str, ...]
    table: pd.DataFrame
    """One row a sample, as the manifest: `label`, `split`, `origin`, `group`, and the measures.

    Of images: `width` and `height` (pixels), `low` and `high` (1st and 99th percentile of the brightness in [0, 1]),
    `pale` (the 5th), `middle` (the 50th), `contrast` (the largest standard deviation of a channel in [0, 1]), `blur`
    (0 to 1), `hash`, `thumb`; of texts: `n_chars`, `language`, `sure` (of it, 0 to 1), `hash`, `plain` (its words), and
    `tokens` where a backbone is known.
    """
    clusters: NDArray[np.int64]
    """(N,) the number of the cluster of near-duplicates that a row lies in; -1 for none."""
    left_out: pd.DataFrame
    """Everything that was not taken in, here and in the datasets it came from: `where`, `why`."""
    shares: tuple[float, float, float]
    """Of train, val and test."""
    reads: Reads | None = None
    """None for images, or where no backbone was named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that is looked for."""

    name: str
    title: str
    """What it is about, for people."""
    modality: Modality | Literal["any"]
    summary: str
    """What it looks for and from where on, one sentence."""
    fix: str
    """What its fix does; empty where it has none."""
    find: Callable[[Evidence], Iterable[Finding]]


_CHECKS: dict[str, Check] = {}
_Find = Callable[[Evidence], Iterable[Finding]]


def register(
    name: str, title: str, *, summary: str, fix: str = "", modality: Modality | Literal["any"] = "any"
) -> Callable[[_Find], _Find]:
    """Make a function from evidence to findings known as a check."""

    def known(find: _Find) -> _Find:
        if name in _CHECKS:
            raise ValueError(f"The check {name!r} is registered twice.")
        _CHECKS[name] = Check(name=name, title=title, modality=modality, summary=summary, fix=fix, find=find)
        return find

    return known


def checks(modality: Modality) -> tuple[Check, ...]:
    """Those that apply, in the order they were registered."""
    return tuple(check for check in _CHECKS.values() if check.modality in ("any", modality))
