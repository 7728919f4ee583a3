"""What the checks before a training look at: the recipe and what follows from it, without building anything."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tlcore.data import SPLITS, Dataset
from tlcore.device import Machine
from tlcore.strategies import Phase, matching
from tlcore.training.recipe import Recipe
from tlcore.zoo import Backbone, backbone, stage_patterns

__all__ = ["Case", "case", "is_head"]

TEXTS = 2_000


@dataclass(frozen=True, kw_only=True)
class Case:
    """A recipe beside its data and the machine."""

    recipe: Recipe
    record: Backbone
    dataset: Dataset
    machine: Machine
    stages: tuple[str, ...]
    """Patterns of the backbone's stages, from input to output."""
    phases: tuple[Phase, ...]
    counts: Mapping[str, tuple[int, ...]]
    """By split, the samples of each class in the order of the labels."""
    free: int
    """Bytes that the disk of the home has left."""

    @property
    def n_train(self) -> int:
        """Training samples."""
        return sum(self.counts["train"])

    @property
    def at_once(self) -> int:
        """Samples that pass the network together, as BatchNorm sees them."""
        return self.recipe.batch_size // self.recipe.accumulate

    @cached_property
    def rates(self) -> tuple[float, ...]:
        """Base rates of everything that is not the head, over all phases; empty where only the head trains."""
        return tuple(lr for phase in self.phases for pattern, lr in phase.lrs.items() if not is_head(pattern))

    @cached_property
    def head_rates(self) -> tuple[float, ...]:
        """Base rates of the head, over all phases."""
        return tuple(lr for phase in self.phases for pattern, lr in phase.lrs.items() if is_head(pattern))

    @cached_property
    def lengths(self) -> tuple[int, ...]:
        """Characters of up to `TEXTS` training texts, evenly drawn; empty for images."""
        if self.dataset.modality != "text":
            return ()
        rows = self.dataset.rows("train")
        return tuple(len(str(self.dataset.sample(int(row)))) for row in rows[:: math.ceil(len(rows) / TEXTS) or 1])

    def trained(self, phases: Sequence[Phase]) -> tuple[bool, ...]:
        """Of each stage, whether any of the phases trains it, or a part of it."""
        patterns = {pattern: lr for phase in phases for pattern, lr in phase.lrs.items()}
        return tuple(any(_meets(part, patterns) for part in stage.split("|")) for stage in self.stages)


def case(
    recipe: Recipe, dataset: Dataset, machine: Machine, *, stages: Sequence[str] | None = None, free: int | None = None
) -> Case:
    """Read the manifest once. What is not given is the backbone's own `stages`, and what the disk says is `free`."""

    class Stages:
        def stages(self) -> tuple[str, ...]:
            return patterns

    record = backbone(recipe.backbone)
    patterns = stage_patterns(record) if stages is None else tuple(stages)
    counts = dataset.counts()
    return Case(
        recipe=recipe,
        record=record,
        dataset=dataset,
        machine=machine,
        stages=patterns,
        phases=recipe.plan(Stages()),
        counts={split: tuple(counts[split].tolist()) for split in SPLITS},
        free=shutil.disk_usage(dataset.home).free if free is None else free,
    )


def is_head(pattern: str) -> bool:
    """Whether a pattern means nothing but parameters of the head."""
    return all(part == "head" or part.startswith("head.") for part in pattern.split("|"))


def _meets(stage: str, patterns: Mapping[str, float]) -> bool:
    inside = (part.startswith(stage + ".") for pattern in patterns for part in pattern.split("|"))
    return matching(stage, patterns) is not None or any(inside)
