"""Checks of the classes: how unequal, how small, and whether every split knows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tlcore.advisor.case import Case
from tlcore.advisor.finding import Finding

__all__ = ["imbalance", "small_classes", "unseen_classes"]

UNEQUAL = 5
"""Times the smallest class that the largest may be without a word."""
FEW = 5
"""Training samples below which a class is hardly learned."""
NAMED = 3


def imbalance(case: Case) -> Iterator[Finding]:
    """One class outweighs another, and the loss does not know."""
    train = case.counts["train"]
    if case.recipe.balance != "none" or min(train) == 0 or max(train) < UNEQUAL * min(train):
        return
    largest, smallest = (case.dataset.classes[train.index(extreme(train))] for extreme in (max, min))
    yield Finding(
        code="imbalance",
        level="warning",
        title="Classes are unequal",
        text=(
            f"{largest!r} has {max(train):,} training samples, {smallest!r} {min(train):,}: "
            f"{max(train) / min(train):.1f} times as many. Weighting the loss keeps small classes from being ignored."
        ),
        fix={"balance": "weights"},
        fix_title="Weight the loss",
    )


def small_classes(case: Case) -> Iterator[Finding]:
    """A class with next to nothing to learn from."""
    small = [i for i, n in enumerate(case.counts["train"]) if n < FEW]
    if not small:
        return
    sizes = ", ".join(f"{case.dataset.classes[i]!r} has {case.counts['train'][i]}" for i in small[:NAMED])
    yield Finding(
        code="small-class",
        level="warning",
        title="Too few samples of a class" if len(small) == 1 else f"Too few samples of {len(small)} classes",
        text=(
            f"With fewer than {FEW} training samples a class is hardly learned: {sizes}{_more(small)}. "
            "Add samples, or merge it with another class."
        ),
    )


def unseen_classes(case: Case) -> Iterator[Finding]:
    """A class on which a score says nothing."""
    for split in ("val", "test"):
        absent = [i for i, n in enumerate(case.counts[split]) if n == 0]
        if not absent:
            continue
        names = ", ".join(repr(case.dataset.classes[i]) for i in absent[:NAMED])
        yield Finding(
            code=f"unseen-{split}",
            level="warning",
            title=f"Classes without a {split} sample",
            text=(
                f"{len(absent)} of {len(case.dataset.classes)} classes have no sample in {split}: {names}"
                f"{_more(absent)}. The {split} score says nothing of them; divide the data anew, or add samples."
            ),
        )


def _more(found: Sequence[int]) -> str:
    return f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
