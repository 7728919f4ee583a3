"""The record of a pretrained network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Backbone", "stage_patterns", "stage_title"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backbone:
    """A pretrained network without its classifier. A record only: `build` makes the module."""

    name: str
    """The source's own name."""
    title: str
    """For people."""
    modality: Literal["image", "text"]
    source: Literal["torchvision", "timm", "transformers"]
    """The library that defines the architecture."""
    architecture: str
    """The name the library builds it by."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """Of a transformers architecture: what differs from its config class's defaults."""
    weights: str = ""
    """What the source calls this set of weights, for instance `IMAGENET1K_V2`."""
    package: str = ""
    """The pip package that carries the weights; empty where none does."""
    url: str = ""
    """Where torch hub gets the weights; its file name is theirs in torch hub's cache too. Empty where it has none."""
    hub_id: str = ""
    """The weights' id at Hugging Face; empty where they are not there."""
    family: str
    n_params: int
    """Parameters without the classifier."""
    n_params_published: int = 0
    """Parameters of the whole published network, its classifier among them; 0 where unknown."""
    gflops: float | None = None
    """10^9 multiply-adds for one input of `input_size`, as published."""
    file_size: int = 0
    """Bytes of the published weights, to the nearest KiB; 0 where unknown."""
    recipe: str = ""
    """Link to how the weights were trained; empty where unknown."""
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
    resize: int = 0
    """Pixels of the shorter side before the evaluation crop of `input_size`; 0 for texts."""
    squash: bool = False
    """Whether images are pressed into a square of `resize`, instead of keeping their proportions."""
    interpolation: str = "bicubic"
    """`bicubic` or `bilinear`, antialiased."""
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    """Per RGB channel, for pixels in [0, 1]."""
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)
    max_tokens: int = 0
    """Longest text in tokens; 0 for images."""
    depth: int = 0
    """Layers that a token passes, shared ones each time; 0 for images."""
    tokens: tuple[str, ...] = ()
    """What the network reads of a text, in the order of its arguments: `input_ids`, `attention_mask`, and so on."""
    pooling: Literal["mean", "first", "last"] = "mean"
    """Of a text's tokens: their mean, the first one ([CLS]), or the last that is not padding."""
    licence: str
    """Of the weights, an SPDX identifier."""
    summary: str
    """What it is good for, one sentence."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Published figures in percent: `imagenet_top1` and `imagenet_top5`."""


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
