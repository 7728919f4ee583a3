"""A network in stages from input to output, found by rule: what unfreezes together and has a rate of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from torch import nn

__all__ = ["Stages", "divide"]

TRUNKS = frozenset(
    ("features", "layers", "layer", "blocks", "stages", "encoder", "transformer", "h", "trunk_output", "classifier")
) | {"albert_layer_groups"}
"""Modules that only hold others in a row, as the libraries name them: they are looked into."""
FEWEST, USUAL, MOST = 3, 9, 14
"""Stages; a convolutional network of more than `USUAL` parts is divided where its maps become smaller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """How a network's parameters are divided."""

    names: tuple[str, ...]
    """Of each stage's modules and parameters, joined with `|`."""
    n_params: tuple[int, ...]
    """Parameters of each."""
    n_batch_norms: int
    batch_norm_params: tuple[int, ...]
    """Weights and biases of the BatchNorm layers in each stage; empty where there are none."""


@dataclass(slots=True)
class _Part:
    """Some modules or parameters in a row."""

    names: list[str]
    shrinks: bool
    """Whether maps become smaller in it, or right before it."""


def divide(network: nn.Module) -> Stages:
    """The stages of a network without its classifier, at most `MOST`; at least `FEWEST` unless it has fewer parts.

    Every parameter lies in exactly one. The parts of a stage follow each other in the order of registration, which is
    the order of computation in the networks of torchvision, timm and transformers.
    """
    parts = _join(network, _units(network, ""))
    while len(parts) < FEWEST and (opened := _open_largest(network, parts)):
        parts = _join(network, opened)
    groups = _grouped(parts)
    names = tuple("|".join(group) for group in groups)
    norms = [_batch_norms(network, group) for group in groups]
    sizes = tuple(sum(sum(layer) for layer in layers) for layers in norms)
    n_norms = sum(map(len, norms))
    return Stages(
        names=names,
        n_params=tuple(sum(_size(network, name) for name in group) for group in groups),
        n_batch_norms=n_norms,
        batch_norm_params=sizes if n_norms else (),
    )


def _units(network: nn.Module, prefix: str) -> list[_Part]:
    """Children and own parameters below `prefix`; of trunks, what is in them."""
    module = network.get_submodule(prefix)
    lead = prefix + "." if prefix else ""
    units = [_Part([lead + name], False) for name, _ in module.named_parameters(recurse=False)]
    smaller = False
    for name, child in module.named_children():
        if not any(True for _ in child.parameters()):
            smaller = smaller or isinstance(child, nn.MaxPool2d)
            continue
        inside = _units(network, lead + name) if name in TRUNKS else [_Part([lead + name], _strides(child))]
        inside[0].shrinks = inside[0].shrinks or smaller
        smaller = name in TRUNKS and isinstance([*child.children()][-1], nn.MaxPool2d)
        units += inside
    return units


def _join(network: nn.Module, units: list[_Part]) -> list[_Part]:
    """Norms and single parameters join what they follow, or the first part; embeddings join each other."""
    parts: list[_Part] = []
    waiting: list[str] = []
    for unit in units:
        if not parts and _single(network, unit):
            waiting += unit.names
        elif parts and (_light(network, unit) or _embeddings(network, parts[-1], unit)):
            parts[-1].names += unit.names
        else:
            parts.append(_Part([*waiting, *unit.names], unit.shrinks))
            waiting = []
    return parts


def _open_largest(network: nn.Module, parts: list[_Part]) -> list[_Part]:
    """The parts with the largest of those that have parts themselves opened; empty where there is none."""
    for part in sorted(parts, key=lambda part: -sum(_size(network, name) for name in part.names)):
        for i, name in enumerate(part.names):
            if not _is_parameter(network, name) and any(True for _ in network.get_submodule(name).children()):
                at = parts.index(part)
                before = [_Part([earlier], False) for earlier in part.names[:i]]
                after = [_Part([later], False) for later in part.names[i + 1 :]]
                return [*parts[:at], *before, *_units(network, name), *after, *parts[at + 1 :]]
    return []


def _grouped(parts: list[_Part]) -> list[list[str]]:
    """At most `MOST` groups: where maps become smaller, or else evenly with the first part on its own."""
    if len(parts) <= USUAL:
        return [part.names for part in parts]
    by_size: list[list[str]] = []
    for part in parts:
        if part.shrinks or not by_size:
            by_size.append([])
        by_size[-1] += part.names
    if FEWEST <= len(by_size) <= MOST:
        return by_size
    if len(parts) <= MOST:
        return [part.names for part in parts]
    size = ceil((len(parts) - 1) / (MOST - 2))
    rest = parts[1:]
    runs = [rest[i : i + size] for i in range(0, len(rest), size)]
    return [parts[0].names, *([name for part in run for name in part.names] for run in runs)]


def _batch_norms(network: nn.Module, group: list[str]) -> list[list[int]]:
    """Sizes of the parameters of each BatchNorm layer in a group."""
    modules = [network.get_submodule(name) for name in group if not _is_parameter(network, name)]
    layers = [layer for module in modules for layer in module.modules()]
    return [[p.numel() for p in x.parameters()] for x in layers if isinstance(x, nn.modules.batchnorm._BatchNorm)]


def _parameters(network: nn.Module, name: str) -> Iterator[nn.Parameter]:
    if _is_parameter(network, name):
        yield network.get_parameter(name)
    else:
        yield from network.get_submodule(name).parameters()


def _is_parameter(network: nn.Module, name: str) -> bool:
    parent, _, last = name.rpartition(".")
    return last in network.get_submodule(parent)._parameters


def _size(network: nn.Module, name: str) -> int:
    return sum(parameter.numel() for parameter in _parameters(network, name))


def _single(network: nn.Module, part: _Part) -> bool:
    return all(_is_parameter(network, name) for name in part.names)


def _light(network: nn.Module, part: _Part) -> bool:
    """Only scales and shifts, or bare parameters."""
    flat = all(p.ndim <= 1 for name in part.names for p in _parameters(network, name))
    return flat or _single(network, part)


def _embeddings(network: nn.Module, *parts: _Part) -> bool:
    names = [name for part in parts for name in part.names]
    return all(not _is_parameter(network, n) and isinstance(network.get_submodule(n), nn.Embedding) for n in names)


def _strides(module: nn.Module) -> bool:
    layers = (layer for layer in module.modules() if isinstance(layer, nn.Conv2d))
    return any(layer.stride != (1, 1) for layer in layers)
