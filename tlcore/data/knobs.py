"""What can be turned of each single change of a picture, with what a form needs of it, and the named settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

__all__ = ["PRESETS", "knob"]

CROP_AND_FLIP: Mapping[str, float] = {"crop": 0.8, "flip": 0.5}
PRESETS: Mapping[str, Mapping[str, float]] = {
    "none": {},
    "light": {**CROP_AND_FLIP, "brightness": 0.2, "contrast": 0.2, "saturation": 0.2},
    "standard": {
        **CROP_AND_FLIP,
        "rotation": 15.0,
        "translation": 0.1,
        "brightness": 0.2,
        "contrast": 0.2,
        "saturation": 0.2,
        "hue": 0.1,
    },
    "own": {},
    "trivial_augment": CROP_AND_FLIP,
    "rand_augment": CROP_AND_FLIP,
}
"""Of each policy, the values of the knobs that are not off."""


def knob(
    title: str, unit: str, help_text: str, *, most: float, step: float, least: float = 0.0, off: float = 0.0
) -> Any:
    """A setting in [least, most] that a policy has a value for, unless it is given; at `off` it changes nothing."""
    meta = {"title": title, "unit": unit, "help": help_text, "min": least, "max": most, "step": step, "off": off}
    return field(default=None, metadata=meta)
