"""Checks of samples that are there more than once: in two splits, under two labels, or just again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tlcore.data.checks.check import Evidence, register
from tlcore.data.checks.finding import Finding, Fix
from tlcore.data.checks.words import counted, share

__all__ = ["LEAK"]

LEAK = "leakage"
Cluster = tuple[int, ...]


@register(
    LEAK,
    "Leakage between splits",
    summary="The same sample, or nearly, in train and in val or test.",
    fix="Leaves out all but one of each, the one in test first; or keeps them all in one split.",
)
def leakage(evidence: Evidence) -> Iterator[Finding]:
    """Copies on both sides of the split: the score counts what was learned by heart."""
    split = evidence.table["split"].tolist()
    order = {"test": 0, "val": 1, "train": 2}
    apart = [
        tuple(sorted(one, key=lambda row: (order[split[row]], row)))
        for one in _clusters(evidence)
        if len({split[row] for row in one}) > 1
    ]
    if not apart:
        return
    trained = [one for one in apart if split[one[-1]] == "train"]
    yield Finding(
        check=LEAK,
        level="error" if trained else "warning",
        title=f"{counted(len(apart), 'sample')} with copies in more than one split",
        text=_leaking(evidence, trained, len(apart) - len(trained)),
        n=len(apart),
        rows=tuple(row for one in apart for row in one),
        groups=tuple(apart),
        fixes=(
            _keep_one(apart, "Keep one of each", "nearly equal to others in another split"),
            _together(_clusters(evidence)),
        ),
    )


@register(
    "conflicting_labels",
    "Conflicting labels",
    summary="The same sample, or nearly, under different labels.",
    fix="Leaves out all of them, for which is right is not known.",
)
def conflicting_labels(evidence: Evidence) -> Iterator[Finding]:
    """Copies that contradict each other."""
    label = evidence.table["label"].to_numpy()
    torn = [one for one in _clusters(evidence) if len(set(label[list(one)])) > 1]
    if not torn:
        return
    rows = tuple(row for one in torn for row in one)
    samples = counted(len(rows), "sample")
    fix = Fix(title=f"Leave out these {samples}", change=f"Left out {samples} with conflicting labels.", drop=rows)
    yield Finding(
        check="conflicting_labels",
        level="warning",
        title=f"{counted(len(torn), 'sample')} with more than one label",
        text=f"{samples}, each nearly the same as another with a different label, so one of the two is wrong. Untick "
        "those whose label is right, and leave out the others.",
        n=len(torn),
        rows=rows,
        groups=tuple(torn),
        fixes=(fix,),
    )


@register(
    "near_duplicates",
    "Near-duplicates",
    summary="Nearly the same sample again, under the same label and in the same split.",
    fix="Keeps one of each, the largest.",
)
def near_duplicates(evidence: Evidence) -> Iterator[Finding]:
    """Copies that do no harm but to weigh more than once."""
    table = evidence.table
    size = (table["width"] * table["height"] if evidence.modality == "image" else table["n_chars"]).to_numpy()
    both = list(zip(table["label"], table["split"], strict=True))
    again = [
        tuple(sorted(one, key=lambda row: (-size[row], row)))
        for one in _clusters(evidence)
        if len({both[row] for row in one}) == 1
    ]
    if not again:
        return
    n, total = sum(len(one) - 1 for one in again), len(table)
    has = "has" if len(again) == 1 else "have"
    yield Finding(
        check="near_duplicates",
        level="warning",
        title=counted(n, "near-duplicate"),
        text=f"{counted(len(again), 'sample')} {has} {counted(n, 'more copy')} between them that differ in size, "
        f"compression, spelling or little else ({share(n, total)} of the data). They add nothing to learn from, and "
        "weigh double.",
        n=n,
        rows=tuple(row for one in again for row in one),
        groups=tuple(again),
        fixes=(_keep_one(again, "Keep one of each", "that were there before"),),
    )


def _leaking(evidence: Evidence, clusters: Sequence[Cluster], others: int) -> str:
    """What is like a sample of train, then what lies in val and test alone."""
    lies = "lies" if others == 1 else "lie"
    between = (
        f"{counted(others, 'sample')} {lies} in val and test: the choice of the best epoch has seen a part of test."
    )
    if not clusters:
        return between
    split = evidence.table["split"].to_numpy()
    parts = []
    for name in ("test", "val"):
        n, total = sum(split[row] == name for one in clusters for row in one), int((split == name).sum())
        if n:
            parts.append(f"{n:,} of {total:,} {name} samples ({share(n, total)})")
    return (
        f"Nearly the same as a sample of train: {' and '.join(parts)}. Their score says what was learned by heart, so "
        f"it is too good.{' ' + between if others else ''}"
    )


def _keep_one(clusters: Sequence[Cluster], title: str, why: str) -> Fix:
    drop = tuple(row for one in clusters for row in one[1:])
    return Fix(
        title=f"{title}, leave out {len(drop):,}", change=f"Left out {counted(len(drop), 'sample')} {why}.", drop=drop
    )


def _together(clusters: Sequence[Cluster]) -> Fix:
    """Of all clusters: those that lie in one split now could be parted by the next."""
    samples = counted(sum(map(len, clusters)), "sample")
    return Fix(
        title="Keep all, split anew with each in one split",
        change=f"Split anew, with {samples} beside those that they are nearly equal to.",
        together=tuple(clusters),
    )


def _clusters(evidence: Evidence) -> list[Cluster]:
    """Rows of each cluster, ascending; the largest cluster last, so that examples are pairs."""
    numbers = evidence.clusters
    rows = np.flatnonzero(numbers >= 0)
    rows = rows[np.argsort(numbers[rows], kind="stable")]
    found = np.split(rows, np.flatnonzero(np.diff(numbers[rows])) + 1) if len(rows) else []
    return sorted((tuple(one.tolist()) for one in found), key=len)
