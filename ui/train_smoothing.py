"""A noisy curve made readable."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["Average"]


@dataclass(slots=True, kw_only=True)
class Average:
    """Exponential moving average with bias correction, as in Adam, section 3: https://arxiv.org/abs/1412.6980.

    m_t = b m_(t-1) + (1 - b) x_t, and m_t / (1 - b^t) is what is shown: the first values count in full.
    """

    share: float
    """b in [0, 1): how much of the average so far stays in the next."""
    values: array[float] = field(default_factory=lambda: array("d"))
    moment: float = 0.0
    weight: float = 0.0

    def extend(self, values: Iterable[float]) -> None:
        """Go on with these; one that is not finite leaves the average as it is."""
        for value in values:
            if math.isfinite(value):
                self.moment = self.share * self.moment + (1 - self.share) * value
                self.weight = self.share * self.weight + (1 - self.share)
            self.values.append(self.moment / self.weight if self.weight else math.nan)
