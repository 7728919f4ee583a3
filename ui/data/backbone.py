"""Which backbone looks at the samples: those whose weights are here, the packaged one first."""

from __future__ import annotations

from tlcore.data import Dataset
from tlcore.zoo import Backbone
from ui import state
from ui.models import entries
from ui.words import visible

__all__ = ["looking"]

FIRST = ("efficientnet_lite0", "minilm")


def looking(dataset: Dataset) -> Backbone:
    """The one chosen, in the URL as `?backbone=name`."""
    here = [entry.record for entry in entries() if entry.here and entry.record.modality == dataset.modality]
    records = {record.name: record for record in sorted(here, key=lambda one: one.name not in FIRST)}
    chosen = state.pick("backbone", list(records), lambda name: visible(records[name].title), label="Seen by")
    return records[chosen]
