"""What a recipe amounts to, before anything is built: what trains when, at which rate. Loads no network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tlcore.strategies import Lora, Phase, matching
from tlcore.training.recipe import Recipe
from tlcore.zoo import Backbone, stage_patterns, stage_title

__all__ = ["ADAPTERS", "Outline", "Part", "PhaseCost", "PhaseOutline", "outline"]

ADAPTERS, HEAD = "adapters", "head"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stage of the backbone, the adapters in it, or the head."""

    pattern: str
    title: str
    n_params: int
    batch_norm_params: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseOutline:
    """Consecutive epochs with one trainable set."""

    phase: Phase
    first_step: int
    """From 1."""
    steps: int
    lrs: Mapping[str, float]
    """Base rate of each part that trains, by its pattern."""
    trainable: int
    """Parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A whole training."""

    recipe: Recipe
    parts: tuple[Part, ...]
    """From input to output."""
    phases: tuple[PhaseOutline, ...]
    per_epoch: int
    """Optimizer steps in an epoch."""
    frozen_batch_norms: int
    """BatchNorm layers that stay frozen although stages around them train."""

    @property
    def steps(self) -> int:
        """Optimizer steps in all."""
        return sum(phase.steps for phase in self.phases)

    @property
    def total(self) -> int:
        """Parameters of the model."""
        return sum(part.n_params for part in self.parts)

    @property
    def frozen(self) -> bool:
        """The backbone never trains."""
        return all(set(phase.lrs) <= {HEAD} for phase in self.phases)

    def rate(self, part: Part, step: int) -> float | None:
        """Learning rate of a part at a step counted from 1; None while it is frozen."""
        i, phase = next((i, p) for i, p in enumerate(self.phases) if step < p.first_step + p.steps)
        base = phase.lrs.get(part.pattern)
        if base is None:
            return None
        within = step - phase.first_step + 1
        epochs = [each.phase.epochs for each in self.phases]
        planned = self.recipe.factor(epochs, self.per_epoch, i, within)
        return base * planned * phase.phase.factor(within, phase.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseCost:
    """One phase, as measured."""

    step: float
    """Seconds of an optimizer step, with everything that is kept already there."""
    once: float
    """Seconds for what is computed once in the phase: features, or activations behind frozen stages."""
    score: float
    """Seconds to score val after an epoch."""
    memory: int
    """Bytes at the peak: of the GPU's allocator, or of this process."""

    def seconds(self, steps: int, epochs: int) -> float:
        """Of a whole phase."""
        return self.once + steps * self.step + epochs * self.score


@dataclass(frozen=True, slots=True)
class _Stages:
    patterns: tuple[str, ...]

    def stages(self) -> tuple[str, ...]:
        return self.patterns


def outline(
    recipe: Recipe, record: Backbone, *, n_classes: int, n_train: int, adapter_params: int | None = None
) -> Outline:
    """The parts and phases of a recipe on `n_train` samples of `n_classes`.

    Args:
        adapter_params: Parameters of the adapters, if the strategy adds any and they were counted.
    """
    patterns = stage_patterns(record)
    inside = record.batch_norm_params or (0,) * len(patterns)
    parts = [
        Part(pattern=pattern, title=stage_title(pattern), n_params=n, batch_norm_params=norms)
        for pattern, n, norms in zip(patterns, record.stage_params, inside, strict=True)
    ]
    if isinstance(recipe.strategy, Lora):
        parts.append(Part(pattern=ADAPTERS, title="adapters", n_params=adapter_params or 0))
    parts.append(Part(pattern=HEAD, title="head", n_params=recipe.head.n_params(record.n_features, n_classes)))
    per_epoch, first, phases = math.ceil(n_train / recipe.batch_size), 1, []
    for phase in recipe.plan(_Stages(patterns)):
        phases.append(_outlined(phase, parts, first, per_epoch * phase.epochs, recipe))
        first += phases[-1].steps
    still = record.n_batch_norms if recipe.freezes_batch_norm() else 0
    return Outline(
        recipe=recipe, parts=tuple(parts), phases=tuple(phases), per_epoch=per_epoch, frozen_batch_norms=still
    )


def _outlined(phase: Phase, parts: Sequence[Part], first: int, steps: int, recipe: Recipe) -> PhaseOutline:
    lrs = {part.pattern: lr for part in parts if (lr := _rate(part, phase.lrs)) is not None}
    trainable = sum(part.n_params for part in parts if part.pattern in lrs)
    if recipe.freezes_batch_norm():
        trainable -= sum(part.batch_norm_params for part in parts if part.pattern in lrs)
    return PhaseOutline(phase=phase, first_step=first, steps=steps, lrs=lrs, trainable=trainable)


def _rate(part: Part, lrs: Mapping[str, float]) -> float | None:
    """The highest rate that any of the part's modules has."""
    if part.pattern == ADAPTERS:
        return max((lr for pattern, lr in lrs.items() if "lora" in pattern), default=None)
    names = [f"{name}.weight" for name in part.pattern.split("|")]
    plain = {pattern: lr for pattern, lr in lrs.items() if "lora" not in pattern}
    found = [plain[pattern] for name in names if (pattern := matching(name, plain))]
    return max(found, default=None)
