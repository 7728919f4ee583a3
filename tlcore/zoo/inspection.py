"""What a network is made of, read off its shapes: no weights, well under a second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from tlcore.zoo.backbone import Backbone
from tlcore.zoo.networks import network
from tlcore.zoo.shapes import shapes
from tlcore.zoo.surgery import classifier

__all__ = ["Classifier", "Inspection", "Part", "Stage", "inspect"]

DEPTH = 4
"""Levels of modules below the network that are told apart."""
NORMS = (nn.modules.batchnorm._BatchNorm,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A module that holds parameters, or the parameters that a module with children holds itself."""

    path: str
    """Dotted name in the network; empty for the network itself."""
    parent: str
    """Path of the part around it; empty for the network and what is directly in it."""
    kind: str
    """The module's class, or `parameters`."""
    n_params: int
    """With those of all parts in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifier:
    """The published network's last layer, which a new head takes the place of."""

    path: str
    kind: str
    in_features: int
    n_classes: int
    n_params: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What unfreezes together."""

    name: str
    """Of its modules, joined with `|`."""
    n_params: int
    n_batch_norms: int
    batch_norm_params: int
    """Weights and biases of its BatchNorm layers."""
    output: tuple[int, ...]
    """Shape of what it makes of one sample; empty where that was not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """The published network and its division."""

    kind: str
    """The network's class."""
    n_params: int
    """Of the published network: with its classifier where the source has one."""
    parts: tuple[Part, ...]
    """The network first, then depth first from input to output; each has the sum of those in it."""
    classifier: Classifier | None
    """None where the source publishes an encoder alone."""
    auxiliary: int
    """Parameters of second classifiers that only training from scratch uses, as in GoogLeNet; they are left out."""
    stages: tuple[Stage, ...]


def inspect(backbone: Backbone) -> Inspection:
    """Build the network on the meta device and read it.

    Raises:
        RecipeError: an image network without a classifier where networks have it.
    """
    whole = shapes(lambda: network(backbone))
    found = tuple(_parts(whole, "", "", DEPTH, set()))
    last = None if backbone.source == "transformers" else _classifier(whole)
    return Inspection(
        kind=type(whole).__name__,
        n_params=found[0].n_params,
        parts=found,
        classifier=last,
        auxiliary=max(0, found[0].n_params - backbone.n_params - (last.n_params if last else 0)),
        stages=_stages(backbone, whole, last.path if last else ""),
    )


def _parts(module: nn.Module, path: str, parent: str, depth: int, seen: set[int]) -> Iterator[Part]:
    """The module, then what is in it; one that only wraps another gives way to it. Each parameter counts once."""
    path, module = _unwrapped(module, path) if path else (path, module)
    own = sum(_fresh(p, seen) for p in module.parameters(recurse=False))
    children = [(name, child) for name, child in module.named_children() if any(True for _ in child.parameters())]
    if not children or not depth:
        rest = own + sum(_fresh(p, seen) for _, child in children for p in child.parameters())
        yield Part(path=path, parent=parent, kind=type(module).__name__, n_params=rest)
        return
    lead = path + "." if path else ""
    inside = [list(_parts(child, lead + name, path, depth - 1, seen)) for name, child in children]
    if own:
        inside.insert(0, [Part(path=f"{lead}(own)", parent=path, kind="parameters", n_params=own)])
    total = sum(group[0].n_params for group in inside)
    yield Part(path=path, parent=parent, kind=type(module).__name__, n_params=total)
    for group in inside:
        yield from group


def _unwrapped(module: nn.Module, path: str) -> tuple[str, nn.Module]:
    """Down to the first module that holds more than one thing."""
    while not [*module.parameters(recurse=False)]:
        holding = [(name, child) for name, child in module.named_children() if any(True for _ in child.parameters())]
        if len(holding) != 1:
            break
        path, module = f"{path}.{holding[0][0]}", holding[0][1]
    return path, module


def _fresh(parameter: Tensor, seen: set[int]) -> int:
    """Its numbers, nothing if it was counted before under another name."""
    if id(parameter) in seen:
        return 0
    seen.add(id(parameter))
    return parameter.numel()


def _classifier(whole: nn.Module) -> Classifier:
    path = classifier(whole)
    layer = whole.get_submodule(path)
    weight = cast(Tensor, layer.weight)  # (C, D), or (C, D, 1, 1)
    return Classifier(
        path=path,
        kind=type(layer).__name__,
        in_features=weight.shape[1],
        n_classes=weight.shape[0],
        n_params=sum(p.numel() for p in layer.parameters()),
    )


def _stages(backbone: Backbone, whole: nn.Module, head: str) -> tuple[Stage, ...]:
    outputs = _outputs(backbone, whole, head) if backbone.modality == "image" else {}
    norms = backbone.batch_norm_params or (0,) * len(backbone.stages)
    return tuple(
        Stage(
            name=stage,
            n_params=n_params,
            n_batch_norms=sum(_batch_norms(whole, name) for name in stage.split("|")),
            batch_norm_params=norm,
            output=next((outputs[name] for name in reversed(stage.split("|")) if name in outputs), ()),
        )
        for stage, n_params, norm in zip(backbone.stages, backbone.stage_params, norms, strict=True)
    )


def _batch_norms(whole: nn.Module, name: str) -> int:
    """BatchNorm layers in what a stage names, which may be a single parameter."""
    named = dict(whole.named_modules())
    return sum(isinstance(layer, NORMS) for layer in named[name].modules()) if name in named else 0


def _outputs(backbone: Backbone, whole: nn.Module, head: str) -> dict[str, tuple[int, ...]]:
    """Shapes, without the batch, of what the stages' modules make of one image; none of a module around the head."""
    made: dict[str, tuple[int, ...]] = {}

    def note(name: str, out: object) -> None:
        if isinstance(out, Tensor):
            made[name] = tuple(map(int, out.shape[1:]))

    named = {name: module for name, module in whole.named_modules() if not head.startswith(f"{name}.")}
    for name in (name for stage in backbone.stages for name in stage.split("|") if name in named):
        named[name].register_forward_hook(lambda _, __, out, name=name: note(name, out))
    whole.eval()(torch.empty(1, 3, backbone.input_size, backbone.input_size, device="meta"))
    return made
