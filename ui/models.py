"""The zoo as the Models page reads it: each model with its weights here and its measured speed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from tlcore.device import machine
from tlcore.errors import TlcoreError
from tlcore.home import home
from tlcore.runs import jobs
from tlcore.zoo import Backbone, WeightsState, backbone, backbones, weights_state

__all__ = ["BATCH_SIZES", "STATES", "Entry", "entries", "latencies", "millions", "place"]

STATES: Mapping[str, tuple[str, str]] = {
    "packaged": (":material/check_circle:", "green"),
    "uploaded": (":material/check_circle:", "green"),
    "cached": (":material/check_circle:", "green"),
    "downloadable": (":material/cloud_download:", "gray"),
    "missing": (":material/warning:", "red"),
}
"""Icon and badge colour of each state of the weights."""
BATCH_SIZES = (1, 8, 32)
"""At which models are measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A model and what this server knows of it."""

    record: Backbone
    weights: WeightsState
    latency: float | None
    """Milliseconds of inference with one sample, where that was measured here."""

    @property
    def here(self) -> bool:
        """Training can start from its weights now."""
        return self.weights.ready


def entries() -> tuple[Entry, ...]:
    """All models, usable ones first, otherwise in the registry's order."""
    folder, measured = home(), latencies()
    made = [
        Entry(record=record, weights=weights_state(record, folder), latency=measured.get(record.name))
        for record in backbones(home=folder)
    ]
    return tuple(sorted(made, key=lambda entry: not entry.here))


def latencies() -> dict[str, float | None]:
    """Milliseconds of inference with one sample by backbone, as measured on this server."""
    measured = [one for one in jobs.answers(home(), "speed") if one[0].get("place") == place()]
    return {about["backbone"]: _latency(found) for about, found in reversed(measured)}


def millions(name: str) -> float | None:
    """Parameters of a backbone in millions; None where this release has none of that name."""
    try:
        return backbone(name).n_params / 1e6
    except TlcoreError:
        return None


@st.cache_data(show_spinner=False)
def place() -> str:
    """What computes here, in words."""
    return machine().place


def _latency(found: Mapping[str, Any]) -> float | None:
    alone = [r["seconds"] for r in found["readings"] if (r["mode"], r["batch_size"]) == ("inference", 1)]
    return 1000 * alone[0] if alone and alone[0] else None
