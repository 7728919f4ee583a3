"""Checks that were made while the data came in; what they found is left out already."""

from __future__ import annotations

from collections.abc import Iterator

from tlcore.data.checks.check import Evidence, register
from tlcore.data.checks.finding import Finding, Level
from tlcore.data.checks.words import counted

__all__ = ["COPY", "SMALL", "TORN"]

COPY = "an exact copy of"
TORN = "the same content under different labels"
SMALL = "a class with"
"""How the reasons begin that the ingest gives for them."""
MOST_PLACES = 1_000


@register(
    "unreadable",
    "Unreadable",
    summary="Files that are damaged, empty, of another kind or too large; rows without text or label.",
)
def unreadable(evidence: Evidence) -> Iterator[Finding]:
    """What could not be read at all."""
    text = "not taken in. Mend what matters, and bring the data again."
    yield from _left_out(evidence, "unreadable", (COPY, TORN, SMALL), "{} left out as unreadable", text, others=True)


@register(
    "exact_duplicates",
    "Exact duplicates",
    summary="Files or texts that are the same to the last byte, under one label.",
)
def exact_duplicates(evidence: Evidence) -> Iterator[Finding]:
    """Copies, of which the first was kept."""
    text = "the same to the last byte as another of the class. One of each is kept."
    yield from _left_out(evidence, "exact_duplicates", (COPY,), "{} left out as exact duplicates", text)


@register(
    "contradictions",
    "Exact duplicates that disagree",
    summary="Files or texts that are the same to the last byte, under different labels.",
)
def contradictions(evidence: Evidence) -> Iterator[Finding]:
    """Copies that contradict each other, of which none was kept."""
    text = (
        "there more than once under different labels, and none was kept. Decide which label is right, and bring the "
        "data again."
    )
    yield from _left_out(
        evidence, "contradictions", (TORN,), "{} left out for conflicting labels", text, level="warning"
    )


@register(
    "lost_classes",
    "Classes left out",
    summary="Classes with too few samples to lie in train, val and test.",
)
def lost_classes(evidence: Evidence) -> Iterator[Finding]:
    """Samples of classes that cannot be divided."""
    text = "of classes too small to divide. Add samples to them, or merge them with another class."
    yield from _left_out(evidence, "lost_classes", (SMALL,), "{} left out with their classes", text, level="warning")


def _left_out(
    evidence: Evidence, check: str, reasons: tuple[str, ...], title: str, text: str,
    *, others: bool = False, level: Level = "info",
) -> Iterator[Finding]:  # fmt: skip
    """Entries left out for these reasons, or for all others."""
    lost = evidence.left_out
    mine = lost[lost["why"].str.startswith(reasons) != others] if len(lost) else lost
    if not len(mine):
        return
    why = "; ".join(f"{reason} ({n:,})" for reason, n in mine["why"].value_counts().items()) if others else ""
    yield Finding(
        check=check,
        level=level,
        title=title.format(counted(len(mine), "entry")),
        text=f"{counted(len(mine), 'entry')}: {text}{f' Why: {why}.' if why else ''}",
        n=len(mine),
        places=tuple(mine["where"].astype(str)[:MOST_PLACES]),
    )
