"""Checks of the classes: how unequal, how small, and whether two names mean one class."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from tlcore.data.checks.check import Evidence, register
from tlcore.data.checks.finding import Finding, Fix
from tlcore.data.checks.words import counted, named
from tlcore.data.checks.writings import normal
from tlcore.data.splits import SPLITS

__all__ = ["UNEQUAL"]

UNEQUAL = 5
"""Times the smallest class that the largest may be without a word."""
SHORT, LONG = 5, 9
"""Letters of a name from which one wrong letter, and from which two, are a likely slip."""
MOST_FIXES = 8


@register(
    "imbalance",
    "Class imbalance",
    summary=f"The largest class has {UNEQUAL} times as many samples as the smallest.",
)
def imbalance(evidence: Evidence) -> Iterator[Finding]:
    """One class outweighs another."""
    sizes = _sizes(evidence)
    largest, smallest = int(np.argmax(sizes)), int(np.argmin(sizes))
    if sizes[largest] < UNEQUAL * sizes[smallest]:
        return
    yield Finding(
        check="imbalance",
        level="warning",
        title=f"The largest class is {sizes[largest] / max(1, sizes[smallest]):.1f} times the smallest",
        text=f"{evidence.classes[largest]!r} has {sizes[largest]:,} samples, {evidence.classes[smallest]!r} "
        f"{sizes[smallest]:,}. A model may ignore small classes and still score well: look at macro-F1, and set the "
        "balance of the recipe, on the Strategy page, to weights or sampling.",
        n=int((sizes * UNEQUAL <= sizes[largest]).sum()),
        places=tuple(
            evidence.classes[i] for i in np.argsort(sizes, kind="stable") if sizes[i] * UNEQUAL <= sizes[largest]
        ),
    )


@register(
    "small_classes",
    "Classes too small to split",
    summary="Classes of which a split holds less than one sample, or would by its share.",
    fix="Leaves out these classes.",
)
def small_classes(evidence: Evidence) -> Iterator[Finding]:
    """Classes on which a score is chance."""
    table, needed = evidence.table, math.ceil(round(1 / min(evidence.shares), 6))
    sizes = _sizes(evidence)
    there = {(int(label), split) for label, split in zip(table["label"], table["split"], strict=True)}
    few = [i for i, n in enumerate(sizes) if n < needed or any((i, split) not in there for split in SPLITS)]
    if not few:
        return
    rows = tuple(np.flatnonzero(table["label"].isin(few)).tolist())
    names, classes = [evidence.classes[i] for i in few], counted(len(few), "class")
    remain = len(evidence.classes) - len(few)
    fix = Fix(title=f"Leave out {classes}", change=f"Left out {classes}: {named(names)}.", drop=rows)
    yield Finding(
        check="small_classes",
        level="warning",
        title=f"{classes} too small to split",
        text=f"{named(names)}: with fewer than {needed} samples, or none in one of the splits, val and test say next "
        "to nothing of a class. Add samples, or merge it with another class.",
        n=len(few),
        rows=rows,
        places=tuple(names),
        fixes=(fix,) if remain >= 2 else (),
    )


@register(
    "label_spelling",
    "Spelling of labels",
    summary="Classes whose names differ in case, spaces or punctuation only, or by a letter.",
    fix="Merges the rarer into the more frequent.",
)
def label_spelling(evidence: Evidence) -> Iterator[Finding]:
    """Two names of what is likely one class."""
    sizes = dict(zip(evidence.classes, _sizes(evidence).tolist(), strict=True))
    same: dict[str, list[str]] = {}
    for name in evidence.classes:
        same.setdefault(normal(name.replace("_", " ")) or name, []).append(name)
    written = [sorted(names, key=lambda name: -sizes[name]) for names in same.values() if len(names) > 1]
    yield from _written(evidence, written, "warning", "differ in case, spaces or punctuation only")
    first = {key: max(names, key=lambda name: sizes[name]) for key, names in same.items()}
    near = [sorted((first[a], first[b]), key=lambda name: -sizes[name]) for a, b in _slips(list(first))]
    yield from _written(evidence, near, "info", "are spelt almost the same. Merge them only if they mean one class")


def _written(evidence: Evidence, groups: Sequence[Sequence[str]], level: str, how: str) -> Iterator[Finding]:
    if not groups:
        return
    yield Finding(
        check="label_spelling",
        level="warning" if level == "warning" else "info",
        title=f"{counted(len(groups), 'class')} with more than one spelling"
        if level == "warning"
        else f"{counted(len(groups), 'pair')} of similar class names",
        text=f"{'; '.join(named(names, 5) for names in groups[:MOST_FIXES])} {how}.",
        n=len(groups),
        places=tuple(name for names in groups for name in names),
        fixes=tuple(_merge(names) for names in groups[:MOST_FIXES]),
    )


def _merge(names: Sequence[str]) -> Fix:
    kept, others = names[0], names[1:]
    return Fix(
        title=f"Merge {named(others)} into {kept!r}",
        change=f"Merged {named(others)} into {kept!r}.",
        merge=tuple((other, kept) for other in others),
    )


def _slips(names: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of names that a slip of the pen would explain: a letter or two, but no figure, is another."""
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import cdist

    if len(names) < 2:
        return []
    distances = cdist(names, names, scorer=OSA.distance, score_cutoff=2)
    firsts, seconds = np.nonzero(np.triu(distances <= 2, 1))
    pairs = [(names[i], names[j], int(distances[i, j])) for i, j in zip(firsts.tolist(), seconds.tolist(), strict=True)]
    return [(a, b) for a, b, far in pairs if far <= _allowed(a, b)]


def _allowed(first: str, second: str) -> int:
    shorter = min(len(first), len(second))
    if "".join(filter(str.isdigit, first)) != "".join(filter(str.isdigit, second)):
        return 0
    return 2 if shorter >= LONG else 1 if shorter >= SHORT else 0


def _sizes(evidence: Evidence) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Samples of each class."""
    labels = evidence.table["label"].to_numpy(dtype=np.int64)
    return np.bincount(labels, minlength=len(evidence.classes)).astype(np.int64)
