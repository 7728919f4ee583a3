"""The record of a pretrained network, and the one registry of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tlcore.errors import RecipeError

__all__ = ["Backbone", "backbone", "backbones", "register", "stage_patterns", "stage_title"]

Maker = Callable[[], "Backbone"]
_REGISTRY: dict[str, Backbone] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Backbone:
    """A pretrained network without its classifier. A record only: `build` makes the module."""

    name: str
    """The source's own name."""
    title: str
    """For people."""
    modality: Literal["image", "text"]
    source: Literal["timm", "transformers"]
    """The library that defines the architecture."""
    architecture: str
    """The name the library builds it by."""
    package: str
    """The pip package that carries the weights."""
    family: str
    n_params: int
    """Parameters without the classifier."""
    n_features: int
    """D, the width of the features."""
    stages: tuple[str, ...]
    """From input to output, every parameter in one of them: a module's name, or several joined with `|`."""
    stage_params: tuple[int, ...]
    """Parameters of each stage."""
    n_batch_norms: int = 0
    """BatchNorm layers."""
    batch_norm_params: tuple[int, ...] = ()
    """Their weights and biases in each stage; empty where there are none."""
    input_size: int = 0
    """Pixels on a side; 0 for texts."""
    crop: float = 1.0
    """Share of the shorter side that the evaluation crop keeps."""
    interpolation: str = "bicubic"
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    """Per RGB channel, for pixels in [0, 1]."""
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)
    max_tokens: int = 0
    """Longest text in tokens; 0 for images."""
    licence: str
    """Of the weights, an SPDX identifier."""
    summary: str
    """What it is good for, one sentence."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Published figures, for instance `{"imagenet_top1": 74.8}` in percent."""


def register(maker: Maker) -> Maker:
    """Put the backbone that `maker` returns into the registry; a second one of that name is a programming error."""
    record = maker()
    if record.name in _REGISTRY:
        raise ValueError(f"backbone {record.name!r} is registered twice")
    _REGISTRY[record.name] = record
    return maker


def backbones(modality: str | None = None) -> tuple[Backbone, ...]:
    """All registered backbones, or those that read `modality`, in order of registration."""
    return tuple(record for record in _REGISTRY.values() if modality in (None, record.modality))


def backbone(name: str) -> Backbone:
    """The backbone called `name`.

    Raises:
        RecipeError: there is none; the message lists those there are.
    """
    try:
        return _REGISTRY[name]
    except KeyError:
        raise RecipeError(f"There is no backbone called {name!r}. Known: {', '.join(sorted(_REGISTRY))}.") from None


def stage_patterns(backbone: Backbone) -> tuple[str, ...]:
    """Parameter patterns of the stages as they lie in a `TransferModel`, from input to output."""
    prefix = "backbone.encoder." if backbone.source == "transformers" else "backbone."
    return tuple("|".join(prefix + name for name in stage.split("|")) for stage in backbone.stages)


def stage_title(pattern: str) -> str:
    """What people call the stage of a pattern: `backbone.conv_stem|backbone.bn1` is `conv_stem`."""
    name = pattern.split("|")[0]
    while name.startswith(("backbone.", "encoder.")):
        name = name.partition(".")[2]
    return name
