"""Everything that can be known to go wrong before a training begins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tlcore.advisor.amount import batch_size, few_steps, late_stages, long_texts, no_augmentation, scratch, whole_model
from tlcore.advisor.balance import imbalance, small_classes, unseen_classes
from tlcore.advisor.case import Case, case
from tlcore.advisor.finding import LEVELS, Finding
from tlcore.advisor.leakage import leakage
from tlcore.advisor.memory import disk, memory
from tlcore.advisor.rates import backbone_rate, batch_norm, frozen_random_norms, head_rate
from tlcore.data import Dataset
from tlcore.device import Machine
from tlcore.training.recipe import Recipe

__all__ = ["RULES", "preflight"]

RULES: tuple[Callable[[Case], Iterable[Finding]], ...] = (
    memory,
    disk,
    leakage,
    backbone_rate,
    head_rate,
    whole_model,
    scratch,
    no_augmentation,
    batch_norm,
    frozen_random_norms,
    imbalance,
    small_classes,
    unseen_classes,
    batch_size,
    few_steps,
    late_stages,
    long_texts,
)
"""Each looks at one thing."""


def preflight(
    recipe: Recipe, dataset: Dataset, machine: Machine, *, stages: Sequence[str] | None = None, free: int | None = None
) -> tuple[Finding, ...]:
    """What to know before training, errors first. Reads the manifest and nothing else, and loads no framework.

    Args:
        stages: Patterns of the backbone's stages, from input to output; the record's own by default.
        free: Bytes left on the disk of the dataset's home; asked of the disk by default.
    """
    looked_at = case(recipe, dataset, machine, stages=stages, free=free)
    found = [finding for rule in RULES for finding in rule(looked_at)]
    return tuple(sorted(found, key=lambda finding: LEVELS.index(finding.level)))
