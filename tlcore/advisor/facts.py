"""What was measured of a dataset and a backbone before advice is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tlcore.data import Modality
from tlcore.evaluation.significance import wilson

__all__ = ["HALFWAY", "Facts", "Probe", "wilson"]

HALFWAY = 0.5
"""Of the way from chance to all right, from which features know the classes: data counts as similar where the gap
cannot be measured, and a score is not called chance however few samples tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What simple classifiers make of frozen features: accuracies on val, in [0, 1]."""

    knn: float
    """Of the 5 nearest neighbours by cosine, by majority."""
    linear: float
    """Of logistic regression."""
    chance: float
    """Of always saying the class that is largest in val."""
    n_train: int
    """Samples learned from."""
    n_val: int
    """Samples scored."""

    @property
    def separation(self) -> float:
        """How far the linear classifier is on the way from chance to all right; below 0 it is worse than chance."""
        return (self.linear - self.chance) / (1 - self.chance) if self.chance < 1 else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the linear classifier's accuracy."""
        return wilson(self.linear, self.n_val)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the advice depends on."""

    modality: Modality
    n_train: int
    """Training samples."""
    n_classes: int
    gap: float | None
    """How far the data is from what the backbone was pretrained on, as `tlcore.advisor.gap` measures it for this
    modality; None where it cannot be measured."""
    limit: float
    """Up to this gap data counts as similar."""
    probe: Probe
    unknown: float = 0.0
    """Share of tokens that the backbone's vocabulary lacks; 0 for images."""
    image_size: int | None = None
    """Pixels of the shorter side, the median of some images; None for texts."""
    input_size: int = 0
    """Pixels on a side that the backbone reads; 0 for texts."""

    @property
    def similar(self) -> bool:
        """Like the pretraining: by the gap, or, where it could not be measured, by how much the features tell."""
        return self.probe.separation >= HALFWAY if self.gap is None else self.gap <= self.limit

    @property
    def what(self) -> str:
        """What the gap measures, in words."""
        if self.modality == "text":
            return "tokens that the backbone's vocabulary makes of a word"
        return "how far the signals in the backbone are from those of its pretraining, in standard deviations"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Facts:
        """The inverse of `to_dict`."""
        return cls(**{**plain, "probe": Probe(**plain["probe"])})
