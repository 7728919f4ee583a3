"""What the curves of a training say while it runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from tlcore.advisor.finding import Finding, percent
from tlcore.advisor.remedies import gentler, regularised, steadier
from tlcore.training.events import EpochDone
from tlcore.training.recipe import Recipe

__all__ = ["RULES", "diagnose"]

FALL, RELATIVE_FALL = 0.1, 0.2
"""Of val accuracy below its best, in shares of the samples and of the best: both for a crash."""
ABOVE_CHANCE = 0.1
"""By which an accuracy must exceed 1 / C before losing it means anything."""
GAP = 0.1
"""Between train and val accuracy."""
RISE = 1.02
"""Times the lowest val loss, from which it counts as risen."""
RISEN_FOR = 2
"""Epochs."""
GUESSING = 0.97
"""Share of ln C, the loss of a guess, from which train counts as not learned."""
PATIENT = 3
"""Epochs before a loss that does not fall is worth a word, and for which val must lead train."""
JUMP, LEAST_JUMP = 1.2, 0.05
"""Times the train loss of the epoch before, and nats: both for an unsteady step."""
JUMPS = 2
FLAT_FOR, FLAT = 5, 0.01
"""Epochs in which the val loss improved by less than this share."""
PERFECT = 0.995
"""Val accuracy from which there is nothing to gain."""


def diagnose(history: Sequence[EpochDone], n_classes: int, *, recipe: Recipe | None = None) -> tuple[Finding, ...]:
    """What can be said now, of the newest epoch. Called after every epoch, it may say the same again.

    Args:
        history: All epochs so far, in order.
        recipe: Makes fixes possible; without it there is advice in words only.
    """
    if not history:
        return ()
    return tuple(finding for rule in RULES for finding in rule(history, n_classes, recipe))


def crash(history: Sequence[EpochDone], n_classes: int, recipe: Recipe | None) -> Iterator[Finding]:
    """Val accuracy had risen and is lost."""
    best, now = max(history, key=lambda epoch: epoch.val_accuracy), history[-1]
    learned = best.val_accuracy >= 1 / n_classes + ABOVE_CHANCE
    fallen = now.val_accuracy <= min(best.val_accuracy - FALL, best.val_accuracy * (1 - RELATIVE_FALL))
    if not learned or not fallen or now.val_loss <= best.val_loss:
        return
    fix, button = gentler(recipe)
    yield Finding(
        code="crash",
        level="warning",
        title="Accuracy rose and then crashed",
        text=(
            f"Val accuracy fell from {percent(best.val_accuracy)} in epoch {best.epoch} to {percent(now.val_accuracy)} "
            f"in epoch {now.epoch}. The learning rate is too high for the pretrained weights: take a tenth of it for "
            "the backbone (1e-5 is a careful rate; 1e-3 for the head), or a warm-up."
        ),
        fix=fix,
        fix_title=button,
    )


def overfitting(history: Sequence[EpochDone], n_classes: int, recipe: Recipe | None) -> Iterator[Finding]:
    """Train gets better at val's expense."""
    lowest, now = min(history, key=lambda epoch: epoch.val_loss), history[-1]
    gap = now.train_accuracy - now.val_accuracy
    risen = now.epoch - lowest.epoch >= RISEN_FOR and now.val_loss > RISE * lowest.val_loss
    if gap <= GAP or not risen or now.train_loss >= lowest.train_loss:
        return
    fix, button = regularised(recipe)
    yield Finding(
        code="overfitting",
        level="warning",
        title="The gap between train and val grows",
        text=(
            f"In epoch {now.epoch} train accuracy is {percent(now.train_accuracy)}, val {percent(now.val_accuracy)}, "
            f"and since epoch {lowest.epoch} the val loss rose from {lowest.val_loss:.3f} to {now.val_loss:.3f} while "
            "the train loss fell: the network learns its training samples by heart. More augmentation or fewer "
            "trainable parameters help; the best epoch is kept in any case."
        ),
        fix=fix,
        fix_title=button,
    )


def not_learning(history: Sequence[EpochDone], n_classes: int, recipe: Recipe | None) -> Iterator[Finding]:
    """The loss stays where guessing is."""
    now, guess = history[-1], math.log(n_classes)
    if len(history) < PATIENT or min(epoch.train_loss for epoch in history) < GUESSING * guess:
        return
    yield Finding(
        code="not-learning",
        level="warning",
        title="The loss does not fall",
        text=(
            f"After epoch {now.epoch} the train loss is {now.train_loss:.3f}; guessing among {n_classes} classes gives "
            f"{guess:.3f}. The learning rate is far too low or too high, or the labels do not go with the samples: "
            "run a learning-rate range test, and look at some samples of each class."
        ),
    )


def unsteady(history: Sequence[EpochDone], n_classes: int, recipe: Recipe | None) -> Iterator[Finding]:
    """The train loss jumps up again and again."""
    jumps = [(before, after) for before, after in pairwise(history) if _jumps(before, after)]
    if len(jumps) < JUMPS or jumps[-1][1] is not history[-1]:
        return
    before, after = jumps[-1]
    fix, button = steadier(recipe)
    yield Finding(
        code="unsteady",
        level="warning",
        title="The train loss is unsteady",
        text=(
            f"The train loss jumped {len(jumps)} times, last from {before.train_loss:.3f} in epoch {before.epoch} to "
            f"{after.train_loss:.3f} in epoch {after.epoch}. Freeze BatchNorm if it trains on small batches, and lower "
            "the learning rate."
        ),
        fix=fix,
        fix_title=button,
    )


def plateau(history: Sequence[EpochDone], n_classes: int, recipe: Recipe | None) -> Iterator[Finding]:
    """Nothing moves any more, and nothing is wrong."""
    earlier, recent = history[:-FLAT_FOR], history[-FLAT_FOR:]
    if not earlier or recent[-1].val_accuracy >= PERFECT:
        return
    before, since = (min(epoch.val_loss for epoch in part) for part in (earlier, recent))
    worse = any(list(rule(history, n_classes, None)) for rule in (crash, overfitting, not_learning))
    if before - since >= FLAT * before or worse:
        return
    yield Finding(
        code="plateau",
        level="info",
        title="Val has stopped getting better",
        text=(
            f"In the {FLAT_FOR} epochs up to {recent[-1].epoch} the lowest val loss was {since:.3f}, before them "
            f"{before:.3f}. More epochs will hardly help: stop here, or let more of the backbone train."
        ),
    )


def val_ahead(history: Sequence[EpochDone], n_classes: int, recipe: Recipe | None) -> Iterator[Finding]:
    """Val is clearly better than train, for longer than a fast start explains."""
    recent = history[-PATIENT:]
    leads = [epoch.val_accuracy - epoch.train_accuracy for epoch in recent]
    if len(history) <= PATIENT or min(leads) <= GAP:
        return
    now = recent[-1]
    yield Finding(
        code="val-ahead",
        level="info",
        title="Val is better than train",
        text=(
            f"For {PATIENT} epochs val was clearly ahead; in epoch {now.epoch} it is {percent(now.val_accuracy)} "
            f"against {percent(now.train_accuracy)}. Dropout and augmentation make train harder, which explains some "
            "of it; if there is little of both, val is easy by chance, or shares samples with train."
        ),
    )


def _jumps(before: EpochDone, after: EpochDone) -> bool:
    return after.train_loss > max(JUMP * before.train_loss, before.train_loss + LEAST_JUMP)


RULES: tuple[Callable[[Sequence[EpochDone], int, Recipe | None], Iterator[Finding]], ...] = (
    crash,
    overfitting,
    not_learning,
    unsteady,
    plateau,
    val_ahead,
)
"""Each looks for one shape of the curves."""
