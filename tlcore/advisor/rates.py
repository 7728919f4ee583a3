"""Checks of learning rates, and of BatchNorm in small batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tlcore.advisor.case import Case
from tlcore.advisor.finding import Finding
from tlcore.advisor.remedies import USUAL, USUAL_HEAD, usual_rates
from tlcore.training.recipe import SMALL_BATCH

__all__ = ["backbone_rate", "batch_norm", "frozen_random_norms", "head_rate"]

HIGH = {"image": 5e-4, "text": 2e-4}
"""Rates of Adam from which pretrained weights are likely to be forgotten."""
HIGH_LORA = 5e-3
"""The same for adapters, which start from zero."""
RUINOUS = 1e-2
HIGH_HEAD = 1e-1
SGD = 10
"""Plain gradient steps are smaller than Adam's: its limits are this much higher."""


def backbone_rate(case: Case) -> Iterator[Finding]:
    """Too high a rate for pretrained weights: what they know is gone within an epoch."""
    scale = SGD if case.recipe.optimizer.name == "sgd" else 1
    high = scale * (HIGH_LORA if case.recipe.strategy.name == "lora" else HIGH[case.record.modality])
    ruinous = scale * RUINOUS
    highest = max(case.rates, default=0.0)
    if not case.recipe.strategy.pretrained or highest < high:
        return
    usual = USUAL[case.record.modality]
    yield Finding(
        code="backbone-rate",
        level="error" if highest >= ruinous else "warning",
        title="Learning rate too high for the pretrained backbone",
        text=(
            f"The backbone's highest learning rate is {highest:g}. From {high:g} on pretrained weights are likely to "
            f"be forgotten, from {ruinous:g} on they are ruined; rates around {usual:g} are usual."
        ),
        fix=usual_rates(case.recipe, high, head=False),
        fix_title="Take usual rates",
    )


def head_rate(case: Case) -> Iterator[Finding]:
    """Too high a rate for any layer."""
    highest = max(case.head_rates, default=0.0)
    if highest <= HIGH_HEAD:
        return
    yield Finding(
        code="head-rate",
        level="warning",
        title="Learning rate too high for the head",
        text=(
            f"The head's learning rate is {highest:g}. Above {HIGH_HEAD:g} the loss may never settle; rates around "
            f"{USUAL_HEAD:g} are usual."
        ),
        fix=usual_rates(case.recipe, HIGH_HEAD, head=True),
        fix_title="Take the usual rate",
    )


def batch_norm(case: Case) -> Iterator[Finding]:
    """BatchNorm layers that train on the statistics of few samples."""
    recipe, record = case.recipe, case.record
    trains = record.n_batch_norms and any(case.trained(case.phases)) and not recipe.freezes_batch_norm()
    if not trains or case.at_once >= SMALL_BATCH:
        return
    noisy = (
        f"{record.n_batch_norms} BatchNorm layers of {record.title}, {sum(record.batch_norm_params):,} parameters, "
        f"would train on the statistics of {case.at_once} samples at a time; below {SMALL_BATCH} these are noisy."
    )
    if recipe.strategy.pretrained:
        fix: dict[str, Any] = {"batch_norm": "frozen"}
        advice, button = "Keep the layers as they were pretrained.", "Freeze BatchNorm"
    else:
        fix = {"batch_size": SMALL_BATCH * recipe.accumulate}
        advice, button = "Random weights need them, so take larger batches.", f"{SMALL_BATCH} samples at a time"
    yield Finding(
        code="batch-norm",
        level="warning" if recipe.strategy.pretrained else "info",
        title="BatchNorm on small batches",
        text=f"{noisy} {advice}",
        fix=fix,
        fix_title=button,
    )


def frozen_random_norms(case: Case) -> Iterator[Finding]:
    """BatchNorm frozen before it has seen anything."""
    recipe, record = case.recipe, case.record
    if recipe.strategy.pretrained or recipe.batch_norm != "frozen" or not record.n_batch_norms:
        return
    yield Finding(
        code="batch-norm-random",
        level="warning",
        title="BatchNorm frozen in a random network",
        text=(
            f"Nothing is pretrained here, so the {record.n_batch_norms} frozen BatchNorm layers hold no statistics and "
            "normalise nothing. Let them train."
        ),
        fix={"batch_norm": "auto"},
        fix_title="Let BatchNorm train",
    )
