"""Checks of how much there is to learn from, and how many steps it makes."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tlcore.advisor.case import Case
from tlcore.advisor.finding import Finding, counted, percent
from tlcore.advisor.remedies import HEAD_ONLY
from tlcore.strategies import GradualUnfreezing

__all__ = ["batch_size", "few_steps", "late_stages", "long_texts", "no_augmentation", "scratch", "whole_model"]

SMALL = 1_000
"""Training samples below which a backbone that trains soon knows them by heart."""
FROM_NOTHING = 10_000
"""Training samples below which random weights do not catch up with pretrained ones."""
STEPS = 20
"""Optimizer steps below which hardly anything is learned."""
LONG = 0.05
"""Share of texts longer than the model reads from which it is worth a word."""
FEW_STAGES = 2
"""Stages that gradual unfreezing should at least reach."""
CHARACTERS = 4
"""Of a token in English, on average."""


def whole_model(case: Case) -> Iterator[Finding]:
    """Everything trains on little data."""
    if case.recipe.strategy.name not in ("fine_tune", "from_scratch") or case.n_train >= SMALL:
        return
    yield Finding(
        code="whole-model",
        level="warning",
        title="The whole network trains on little data",
        text=(
            f"{case.record.n_params:,} parameters of the backbone would train on {case.n_train:,} samples, fewer than "
            f"{SMALL:,}: expect strong overfitting. Training the head alone is safer, and a good first result."
        ),
        fix=HEAD_ONLY,
        fix_title="Train the head only",
    )


def scratch(case: Case) -> Iterator[Finding]:
    """Random weights on little data."""
    if case.recipe.strategy.pretrained or case.n_train >= FROM_NOTHING:
        return
    yield Finding(
        code="scratch",
        level="warning",
        title="From scratch is only a baseline here",
        text=(
            f"{case.n_train:,} training samples are far from enough for random weights (think of {FROM_NOTHING:,} and "
            "more). Take the result as the baseline that shows what transfer gains, not as a model to use."
        ),
        fix=HEAD_ONLY,
        fix_title="Use the pretrained weights",
    )


def no_augmentation(case: Case) -> Iterator[Finding]:
    """The backbone sees the same few images again and again."""
    varied = case.recipe.augmentation
    if case.dataset.modality != "image" or not case.rates or case.n_train >= SMALL or varied.active or varied.mixes:
        return
    yield Finding(
        code="no-augmentation",
        level="warning",
        title="No augmentation on few images",
        text=(
            f"The backbone trains on {case.n_train:,} images, fewer than {SMALL:,}, each the same in every epoch: the "
            "gap between train and val will grow. Vary them by crop, flip and colour, unless that changes their class."
        ),
        fix={"augmentation.policy": "standard"},
        fix_title="Standard augmentation",
    )


def batch_size(case: Case) -> Iterator[Finding]:
    """A batch that train cannot fill."""
    size = case.recipe.batch_size
    if size <= case.n_train:
        return
    smaller = 2 ** int(math.log2(max(1, case.n_train // 8)))
    yield Finding(
        code="batch-size",
        level="warning",
        title="The batch is larger than the training split",
        text=(
            f"A batch takes {size:,} samples, but train has {case.n_train:,}: every epoch is a single step. "
            f"With {smaller} an epoch has {math.ceil(case.n_train / smaller)}."
        ),
        fix={"batch_size": smaller, "accumulate": min(case.recipe.accumulate, smaller)},
        fix_title=f"Batches of {smaller}",
    )


def few_steps(case: Case) -> Iterator[Finding]:
    """Over before it has begun."""
    per_epoch = math.ceil(case.n_train / case.recipe.batch_size)
    steps = per_epoch * case.recipe.epochs
    if steps >= STEPS:
        return
    enough = math.ceil(STEPS / max(1, per_epoch))
    yield Finding(
        code="few-steps",
        level="warning",
        title="Hardly any steps",
        text=(
            f"{counted(case.recipe.epochs, 'epoch')} of {counted(per_epoch, 'step')} make {steps} in all; with fewer "
            f"than {STEPS} optimizer steps hardly anything is learned. Train longer, or with smaller batches."
        ),
        fix={} if case.recipe.phases else {"epochs": enough},
        fix_title="" if case.recipe.phases else counted(enough, "epoch"),
    )


def late_stages(case: Case) -> Iterator[Finding]:
    """Gradual unfreezing that ends before more than one stage has joined."""
    chosen = case.recipe.strategy
    if not isinstance(chosen, GradualUnfreezing) or case.recipe.phases or len(case.phases) - 1 >= FEW_STAGES:
        return
    enough = chosen.head_epochs + FEW_STAGES * chosen.stage_epochs
    yield Finding(
        code="late-stages",
        level="info",
        title="The run ends before the backbone has begun to adapt",
        text=(
            f"In {counted(case.recipe.epochs, 'epoch')} only {counted(len(case.phases) - 1, 'stage')} of "
            f"{len(case.stages)} would join the head; the others stay frozen. Train longer, or let them join sooner."
        ),
        fix={"epochs": enough},
        fix_title=counted(enough, "epoch"),
    )


def long_texts(case: Case) -> Iterator[Finding]:
    """Texts of which the model reads the beginning only."""
    longest = CHARACTERS * case.record.max_tokens
    share = sum(length > longest for length in case.lengths) / max(1, len(case.lengths))
    if share < LONG:
        return
    yield Finding(
        code="long-texts",
        level="info",
        title="Some texts are longer than the model reads",
        text=(
            f"About {percent(share)} of the training texts are longer than the {case.record.max_tokens} tokens that "
            f"{case.record.title} reads, counting {CHARACTERS} characters as a token. It sees their beginning only."
        ),
    )
