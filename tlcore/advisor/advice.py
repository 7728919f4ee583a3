"""Which strategy suits a dataset and a backbone, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlcore.advisor.caution import MANY, at_a_loss, cautions, mirrored
from tlcore.advisor.changes import VIEWS
from tlcore.advisor.facts import Facts
from tlcore.advisor.finding import percent
from tlcore.data import Dataset
from tlcore.strategies import strategies
from tlcore.zoo import Backbone

if TYPE_CHECKING:
    import torch

__all__ = ["Advice", "advise", "recommend"]

LARGE = 10_000
"""Training samples from which the whole backbone, or half of it, can train from the start."""
MEDIUM = 1_000
"""Training samples from which a backbone can train after careful beginnings."""
SEPARATED = 0.95
"""Share of the way from chance to all right on which frozen features leave nothing to gain."""
SOME = 0.005
"""Share of unknown tokens worth a word."""
NEXT: Mapping[str, tuple[str, ...]] = {
    "feature_extraction": ("gradual_unfreezing", "lora"),
    "fine_tune": ("feature_extraction", "lora"),
    "fine_tune_from_middle": ("feature_extraction", "fine_tune", "from_scratch"),
    "gradual_unfreezing": ("feature_extraction", "progressive", "lora"),
    "progressive": ("feature_extraction", "gradual_unfreezing", "lora"),
}
"""What to try beside each strategy that is advised."""
WHY: Mapping[str, str] = {
    "feature_extraction": "Only the head trains: the quickest to try, and the score that any other has to beat.",
    "fine_tune": "Trains the early stages too, at lower rates than the late ones.",
    "gradual_unfreezing": "Lets the backbone adapt, one stage after another, should the head alone not do.",
    "progressive": "Trains all stages in the end, at very low rates; takes longer.",
    "lora": "Adapts the backbone with few extra parameters, kept apart from its own weights.",
    "from_scratch": "The baseline without pretrained weights, which shows whether transfer gains anything here.",
}
Alternatives = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to train first, in words and as changes to a recipe."""

    strategy: str
    """Its name."""
    changes: Mapping[str, Any]
    """By dotted key of `Recipe.to_dict()`, for `apply`."""
    reason: str
    """One or two sentences with the figures."""
    facts: Facts
    warnings: tuple[str, ...] = ()
    """Where transfer may be the wrong tool, or the figures say little."""
    alternatives: Alternatives = ()
    """Other strategies worth a try, each with why."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "strategy": self.strategy,
            "changes": dict(self.changes),
            "reason": self.reason,
            "facts": self.facts.to_dict(),
            "warnings": list(self.warnings),
            "alternatives": [list(pair) for pair in self.alternatives],
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Advice:
        """The inverse of `to_dict`."""
        return cls(
            strategy=plain["strategy"],
            changes=dict(plain["changes"]),
            reason=plain["reason"],
            facts=Facts.from_dict(plain["facts"]),
            warnings=tuple(plain["warnings"]),
            alternatives=tuple((name, why) for name, why in plain["alternatives"]),
        )


def advise(
    dataset: Dataset,
    record: Backbone,
    home: Path,
    *,
    device: torch.device,
    seed: int = 0,
    tell: Callable[[str, float], None] = lambda text, share: None,
) -> Advice:
    """Measure, then recommend. Up to 1,500 samples pass the backbone; their features stay in the store.

    Args:
        seed: Of which samples are looked at.
        tell: Hears what is being done, and the share done, in [0, 1].

    Raises:
        RecipeError: backbone and dataset do not fit, or train or val is empty.
        WeightsError: the backbone's weights are not on this machine.
    """
    from tlcore.advisor.measurement import measure

    return recommend(measure(dataset, record, home, device=device, seed=seed, tell=tell))


def recommend(facts: Facts) -> Advice:
    """The advice that follows from the facts, always the same."""
    name = _choice(facts)
    varied = _augmentation(facts, name)
    return Advice(
        strategy=name,
        changes={"strategy.name": name} | varied,
        reason=f"{_likeness(facts)} {_why(facts, name)}",
        facts=facts,
        warnings=cautions(facts) + (mirrored(facts) if varied else ()),
        alternatives=_alternatives(facts, name),
    )


def _choice(facts: Facts) -> str:
    if facts.n_train >= LARGE:
        return "fine_tune" if facts.similar else "fine_tune_from_middle"
    if facts.similar:
        return "feature_extraction"
    if facts.n_train >= MEDIUM:
        return "progressive"
    return "feature_extraction" if facts.probe.separation >= SEPARATED else "gradual_unfreezing"


def _why(facts: Facts, chosen: str) -> str:
    n = f"{facts.n_train:,} training samples"
    reasons = {
        "feature_extraction": f"With {n}, train a new head on the frozen backbone",
        "gradual_unfreezing": f"With {n}, begin with the head and let one stage after another join",
        "progressive": f"With {n} the backbone can adapt in careful steps, head first",
        "fine_tune": f"With {n} the whole backbone can train at low rates",
        "fine_tune_from_middle": f"With {n} the later half of the backbone can learn the new domain",
    }
    if chosen == "feature_extraction" and not facts.similar:
        return f"Yet frozen features already separate the classes, so that {n} do for a new head: {_scored(facts)}."
    return f"{reasons[chosen]}; {_scored(facts)}."


def _scored(facts: Facts) -> str:
    low, high = facts.probe.interval
    return (
        f"a linear classifier on the frozen features gets {percent(facts.probe.linear)} of val right (95 % interval "
        f"{percent(low)} to {percent(high)}; always saying the largest class gets {percent(facts.probe.chance)})"
    )


def _likeness(facts: Facts) -> str:
    side = "like" if facts.similar else "unlike"
    if facts.gap is None:
        return f"Judged by how well its features separate the classes, the data is {side} the backbone's pretraining."
    limit = f"(up to {facts.limit:g} counts as similar)"
    if facts.modality == "image":
        return f"The images are {side} those of the backbone's pretraining: their gap is {facts.gap:.2f} {limit}."
    unknown = f", {percent(facts.unknown)} of them unknown" if facts.unknown >= SOME else ""
    return (
        f"The texts are {side} those of the backbone's pretraining: its vocabulary makes {facts.gap:.1f} tokens of a "
        f"word{unknown} {limit}."
    )


def _augmentation(facts: Facts, chosen: str) -> dict[str, Any]:
    """For images. A frozen backbone embeds every view once, so that views pay on few images only."""
    if facts.modality != "image" or (chosen == "feature_extraction" and facts.n_train >= MEDIUM):
        return {}
    if facts.n_train >= LARGE:
        return {"augmentation.policy": "standard"}
    return {"augmentation.policy": "light", "augmentation.views": VIEWS}


def _alternatives(facts: Facts, chosen: str) -> Alternatives:
    doubtful = facts.n_train > MANY or at_a_loss(facts)
    known = {kind.name for kind in strategies()}
    names = (["from_scratch"] if doubtful else []) + [name for name in NEXT[chosen] if name in known]
    return tuple((name, WHY[name]) for name in dict.fromkeys(names))
