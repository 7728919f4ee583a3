"""Which strategy to begin with, from the size of the data and how far it is from the pretraining."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlcore.advisor.probe import Probe, probe
from tlcore.data import Dataset
from tlcore.zoo import Backbone

if TYPE_CHECKING:
    import torch

__all__ = ["Advice", "Facts", "advise", "recommend"]

LARGE, SMALL, HUGE = 10_000, 1_000, 1_000_000
"""Training samples."""
SEPARATED, LOST, FAR = 0.95, 0.1, 3.0
MOST_TRAIN, MOST_VAL = 1_000, 500
"""Samples that the probes look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the advice rests on."""

    modality: str
    n_train: int
    n_classes: int
    gap: float | None
    """None where the backbone keeps no statistics to compare with."""
    limit: float
    """Of the gap, above which data counts as different."""
    what: str
    """What the gap measures."""
    probe: Probe

    @property
    def similar(self) -> bool:
        """Much like the pretraining; without statistics, what the features tell decides."""
        return self.gap <= self.limit if self.gap is not None else self.probe.separation >= 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A strategy to begin with."""

    strategy: str
    changes: Mapping[str, Any]
    """Of the recipe, by dotted keys."""
    reason: str
    facts: Facts
    warnings: tuple[str, ...] = ()
    """Why transfer may be the wrong tool."""
    alternatives: tuple[tuple[str, str], ...] = field(default=())
    """Other strategies worth a run, each with the reason."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Advice:
        """The inverse of `to_dict`."""
        facts = Facts(**{**plain["facts"], "probe": Probe(**plain["facts"]["probe"])})
        alternatives = tuple((name, why) for name, why in plain["alternatives"])
        return cls(**{**plain, "facts": facts, "warnings": tuple(plain["warnings"]), "alternatives": alternatives})


def recommend(facts: Facts) -> Advice:
    """The table of size against similarity, with the numbers in words."""
    large, similar, told = facts.n_train >= LARGE, facts.similar, facts.probe.separation >= SEPARATED
    if large:
        name = "fine_tune" if similar else "fine_tune_from_middle"
    elif similar or told:
        name = "feature_extraction"
    else:
        name = "progressive" if facts.n_train >= SMALL else "gradual_unfreezing"
    return Advice(
        strategy=name,
        changes={"strategy.name": name, **_augmentation(facts, name)},
        reason=_reason(facts, name, told),
        facts=facts,
        warnings=_warnings(facts),
        alternatives=_alternatives(name),
    )


def _augmentation(facts: Facts, name: str) -> dict[str, Any]:
    if facts.modality != "image":
        return {}
    if name == "feature_extraction":
        few = facts.n_train < SMALL
        return {"augmentation.policy": "light" if few else "none", "augmentation.views": 2 if few else 0}
    return {"augmentation.policy": "standard", "augmentation.views": 0}


def _reason(facts: Facts, name: str, told: bool) -> str:
    size = f"{facts.n_train:,} training samples are {'many' if facts.n_train >= LARGE else 'few'}"
    near = "much like" if facts.similar else "unlike"
    figure = f" ({facts.what} {facts.gap:.2f}, limit {facts.limit:g})" if facts.gap is not None else ""
    found = facts.probe
    linear = (
        f"a linear classifier on the frozen features is right for {found.linear:.1%} of val "
        f"({found.low:.0%} to {found.high:.0%}; always the largest class: {found.chance:.0%})"
    )
    end = {
        "feature_extraction": "so a frozen backbone with a new head is the place to start"
        if facts.similar
        else "so the frozen features already tell the classes apart, and there is little left to gain by moving them",
        "fine_tune": "so the whole network can be trained at low rates without forgetting",
        "fine_tune_from_middle": "so the late stages should learn anew, and there is data enough for it",
        "progressive": "so begin with the head and let the rest follow at very low rates",
        "gradual_unfreezing": "so begin with the head and let one stage after the other follow",
    }[name]
    return f"{size}, they are {near} what the backbone was pretrained on{figure}, and {linear}: {end}."


def _warnings(facts: Facts) -> tuple[str, ...]:
    said = []
    if facts.n_train > HUGE:
        said.append(f"With {facts.n_train:,} samples a network of your own, from random weights, may do as well.")
    if facts.gap is not None and facts.gap > FAR * facts.limit and facts.probe.separation < LOST:
        said.append(
            f"Transfer looks like the wrong tool: the data is far from the pretraining ({facts.gap:.2f}, limit "
            f"{facts.limit:g}) and the features tell the classes hardly better than chance ({facts.probe.linear:.1%} "
            f"against {facts.probe.chance:.1%}). Compare with training from scratch, or find a backbone of this field."
        )
    if facts.n_train < 10 * facts.n_classes:
        said.append(
            f"{facts.n_train:,} training samples for {facts.n_classes} classes are fewer than ten each: more samples "
            "will do more than any strategy."
        )
    return tuple(said)


def _alternatives(name: str) -> tuple[tuple[str, str], ...]:
    others = {
        "feature_extraction": (("gradual_unfreezing", "shows whether moving the late stages gains anything"),),
        "fine_tune": (("lora", "nearly as good, with files of a few hundred kB"),),
        "fine_tune_from_middle": (("fine_tune", "where the early stages should move too"),),
        "progressive": (("fine_tune", "faster, and rougher"), ("from_scratch", "shows what transfer gains")),
        "gradual_unfreezing": (("progressive", "more careful still"), ("feature_extraction", "in minutes")),
    }
    return others[name]


def advise(
    dataset: Dataset,
    backbone: Backbone,
    home: Path,
    *,
    device: torch.device,
    tell: Callable[[str, float], None] = lambda words, share: None,
) -> Advice:
    """Measure the gap and the probes on the user's own data, and recommend.

    Features are taken from the store and put there, so that the run that follows has them. Val picks; test is not read.
    """
    import numpy as np

    from tlcore.advisor.gap import SAMPLES, measured
    from tlcore.features.inputs import reader
    from tlcore.features.stored import DatasetFeeds
    from tlcore.training.scoring import embedder
    from tlcore.zoo import Head
    from tlcore.zoo.model import build

    tell("loading the model", 0.0)
    model = build(backbone, len(dataset.classes), Head()).to(device).eval()
    data, draw = DatasetFeeds(dataset, backbone, home, device=device), np.random.default_rng(0)
    train = dataset.rows("train")
    tell("measuring how far the data is from the pretraining", 0.05)
    some = [dataset.sample(int(row)) for row in draw.permutation(train)[:SAMPLES]]
    gap = measured(model.backbone, reader(backbone), some, device)
    feed, val = data.features("train", embedder(model)), data.features("val", embedder(model))
    x, y = _features(feed, MOST_TRAIN, draw, lambda share: tell("computing features", 0.1 + 0.55 * share))
    val_x, val_y = _features(val, MOST_VAL, draw, lambda share: tell("computing features", 0.65 + 0.25 * share))
    tell("trying classifiers on them", 0.9)
    facts = Facts(
        modality=dataset.modality,
        n_train=len(train),
        n_classes=len(dataset.classes),
        gap=gap.value if gap else None,
        limit=gap.limit if gap else 0.0,
        what=gap.what if gap else "",
        probe=probe(x, y, val_x, val_y),
    )
    return recommend(facts)


def _features(feed: Any, most: int, draw: Any, tell: Callable[[float], None]) -> tuple[Any, Any]:
    """Features (n, D) and labels (n,) of at most so many samples."""
    import torch

    order = torch.from_numpy(draw.permutation(len(feed))[:most])
    parts = []
    for x, y in feed.batches(32, order):
        parts.append((x, y))
        tell(len(parts) * 32 / len(order))
    return torch.cat([x for x, _ in parts]).numpy(), torch.cat([y for _, y in parts]).numpy()
