"""How the live charts of a run are looked at: what was chosen above them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

__all__ = ["View"]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One choice of all that there is to choose."""

    unit: str = "step"
    """Of the horizontal axis, "step" or "epoch"."""
    log: bool = False
    """The loss is on a logarithmic axis."""
    smoothing: float = 0.0
    """Share of the average so far in the next, in [0, 1); 0 for none."""
    machinery: str = "rates"
    """What is drawn below, a key of `train_machinery.VIEWS`."""
    rates_log: bool = False
    """The learning rates are on a logarithmic axis."""

    def text(self) -> str:
        """For an address; `read` makes the same view of it."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> View:
        """The view that `text` wrote."""
        return cls(**json.loads(text))
