"""What was measured of a dataset and a backbone before advice is given."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tlcore.data import Modality

__all__ = ["Facts", "wilson"]

Z = 1.96
"""Standard deviations on each side that hold 95 % of a normal distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the advice depends on."""

    n_train: int
    """Training samples."""
    n_classes: int
    modality: Modality
    gap: float | None
    """How far the data is from what the backbone was pretrained on, as `tlcore.advisor.gap` measures it for this
    modality; None where it cannot be measured."""
    gap_threshold: float
    """From this gap on data counts as different."""
    knn: float
    """Val accuracy of the 5 nearest neighbours in the backbone's features, in [0, 1]."""
    linear: float
    """Val accuracy of a linear classifier on them, in [0, 1]."""
    chance: float
    """Val accuracy of always saying the largest class, in [0, 1]."""
    n_val: int
    """Val samples that these were scored on."""
    unknown: float = 0.0
    """Share of tokens that the backbone's vocabulary lacks; 0 for images."""
    image_size: int | None = None
    """Pixels of the shorter side, the median of some images; None for texts."""
    input_size: int = 0
    """Pixels on a side that the backbone reads; 0 for texts."""

    @property
    def separation(self) -> float:
        """How far the linear classifier is on the way from chance to all right; below 0 it is worse than chance."""
        return (self.linear - self.chance) / (1 - self.chance) if self.chance < 1 else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the linear classifier's accuracy."""
        return wilson(self.linear, self.n_val)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Facts:
        """The inverse of `to_dict`."""
        return cls(**plain)


def wilson(share: float, n: int) -> tuple[float, float]:
    """95 % interval of a share that was counted on `n` samples: https://doi.org/10.1080/01621459.1927.10502953."""
    if n < 1:
        return 0.0, 1.0
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    reach = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return max(0.0, centre - reach), min(1.0, centre + reach)
