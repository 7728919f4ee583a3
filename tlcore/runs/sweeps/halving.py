"""Successive halving without waiting: at each rung of epochs, a run that is not among the best so far is hopeless.

Jamieson & Talwalkar 2016 (arXiv 1502.07943); asynchronous as in Li et al. 2018 (arXiv 1810.05934), where a run that
comes to a rung is compared with those that have been there before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Curve", "Verdict", "hopeless", "rungs"]

Curve = Sequence[tuple[int, float, float]]
"""A run's epochs in order: (epoch, unix seconds, val accuracy in [0, 1])."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Why a run is not worth going on with."""

    rung: int
    """The epoch at which that showed."""
    score: float
    """Its best val accuracy by then."""
    needed: float
    """That of the last one that goes on."""
    kept: int
    """How many go on..."""
    n: int
    """...of so many that had come to this rung, itself among them."""

    def __str__(self) -> str:
        best = "the best one" if self.kept == 1 else f"the best {self.kept}"
        return (
            f"Pruned after epoch {self.rung:,}: {self.score:.1%} of val were right, where {best} of {self.n} trials "
            f"had reached {self.needed:.1%} by then."
        )


def rungs(epochs: int, first: int, factor: int) -> tuple[int, ...]:
    """Epochs at which runs of so many epochs are compared: `first`, then `factor` times as late, before the end."""
    found, rung = [], first
    while rung < epochs:
        found.append(rung)
        rung *= factor
    return tuple(found)


def hopeless(
    own: Curve,
    others: Sequence[Curve],
    *,
    epochs: int,
    first: int,
    factor: int,
    ends: Sequence[float] = (),
    startup: int = 0,
) -> Verdict | None:
    """Whether a run should end, at the earliest rung that says so.

    One in `factor` goes on, of those that came to the rung no later than this one; with fewer than `factor` there,
    nothing is said. Equal scores go on, and what is in its last epoch. The same curves give the same answer whenever
    they are looked at.

    Args:
        epochs: That the run would take.
        ends: Unix seconds at which other runs came to their end.
        startup: How many had to be at their end when this one came to a rung.
    """
    if own and own[-1][0] >= epochs - 1:
        return None
    for rung in rungs(epochs, first, factor):
        came = _at(own, rung)
        if came is None:
            return None
        when, score = came
        if sum(end <= when for end in ends) < startup:
            continue
        there = [found for other in others if (found := _at(other, rung)) and found[0] <= when]
        scores = sorted([score, *(one for _, one in there)], reverse=True)
        kept = len(scores) // factor
        if kept and score < scores[kept - 1]:
            return Verdict(rung=rung, score=score, needed=scores[kept - 1], kept=kept, n=len(scores))
    return None


def _at(curve: Curve, rung: int) -> tuple[float, float] | None:
    """When a run came to a rung, and its best score by then; None if it has not."""
    done = [(time, score) for epoch, time, score in curve if epoch <= rung]
    if not curve or curve[-1][0] < rung:
        return None
    return done[-1][0], max(score for _, score in done)
