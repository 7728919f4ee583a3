"""Findings answered: the dataset without what was found, or with its classes merged."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from tlcore.data.checks.finding import Fix
from tlcore.data.checks.words import counted
from tlcore.data.dataset import Dataset
from tlcore.data.revision import items_of, revise
from tlcore.data.splits import SplitRatios
from tlcore.errors import DataError

__all__ = ["mend"]

ALIKE = "near-duplicates"


def mend(dataset: Dataset, fix: Fix, *, spare: Collection[int] = ()) -> Dataset:
    """The dataset that comes of a fix; the one it was made from stays as it is.

    Args:
        spare: Rows that the fix would leave out and somebody wants to keep.

    Raises:
        DataError: nothing is left to change, or fewer than two classes would remain.
    """
    dropped = set(fix.drop) - set(spare)
    if fix.drop and not dropped:
        raise DataError(
            "Every sample is to be kept, so there is nothing to leave out; tick some, or leave it as it is."
        )
    merged, items = dict(fix.merge), items_of(dataset)
    groups = _united([item.group for item in items], [item.digest for item in items], fix.together)
    kept = [
        replace(item, label=merged.get(item.label, item.label), group=groups[row])
        for row, item in enumerate(items)
        if row not in dropped
    ]
    ratios = _anew(dataset.split or SplitRatios()) if fix.together else None
    return revise(dataset, kept, change=_words(fix, len(dropped)), ratios=ratios)


def _words(fix: Fix, n_dropped: int) -> str:
    n_spared = len(set(fix.drop)) - n_dropped
    return f"{fix.change.rstrip('.')}, {counted(n_spared, 'other')} kept." if n_spared else fix.change


def _anew(split: SplitRatios) -> SplitRatios:
    """The same shares and seed, with what the groups come from in words."""
    sources = [source for source in (split.grouped_by, ALIKE) if source]
    return replace(split, grouped_by=" and ".join(dict.fromkeys(sources)))


def _united(groups: list[str], digests: Sequence[str], clusters: Sequence[Sequence[int]]) -> list[str]:
    """The group of each row once each cluster lies in one; groups that it touches become one."""
    for cluster in clusters:
        rows = set(cluster)
        touched = {groups[row] for row in rows} - {""}
        name = min(touched, default=f"alike {min(digests[row] for row in rows)[:12]}")
        groups = [name if row in rows or group in touched else group for row, group in enumerate(groups)]
    return groups
