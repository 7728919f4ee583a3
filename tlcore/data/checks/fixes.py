"""Findings answered: the dataset without what was found, or with its classes merged."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from tlcore.data.checks.finding import Fix
from tlcore.data.checks.words import counted
from tlcore.data.dataset import Dataset
from tlcore.data.revision import items_of, revise
from tlcore.errors import DataError

__all__ = ["mend"]


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
    merged = dict(fix.merge)
    items = [
        replace(item, label=merged.get(item.label, item.label))
        for row, item in enumerate(items_of(dataset))
        if row not in dropped
    ]
    kept = counted(len(set(fix.drop) & set(spare)), "other")
    change = fix.change if len(dropped) == len(set(fix.drop)) else f"{fix.change.rstrip('.')}, {kept} kept."
    return revise(dataset, items, change=change)
