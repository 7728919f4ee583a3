"""Which parameters train, and at which base rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn, optim

from tlcore.errors import RecipeError
from tlcore.strategies import Optimizer, Phase, matching
from tlcore.zoo.model import TransferModel

__all__ = ["count", "freeze", "optimizer", "parameter_groups", "set_modes"]


def freeze(model: nn.Module, phase: Phase) -> None:
    """Leave `requires_grad` on for what a pattern of the phase matches, and nothing else.

    Raises:
        RecipeError: a pattern matches no parameter.
    """
    used = set()
    for name, parameter in model.named_parameters():
        pattern = matching(name, phase.lrs)
        parameter.requires_grad = pattern is not None
        used.add(pattern)
    if unused := sorted(set(phase.lrs) - used):
        raise RecipeError(f"Phase {phase.name!r} trains {unused[0]!r}, but no parameter of this model is called that.")


def set_modes(model: TransferModel) -> bool:
    """Train mode, except for a backbone that is wholly frozen; returns whether it is."""
    model.train()
    frozen = not any(parameter.requires_grad for parameter in model.backbone.parameters())
    model.backbone.train(not frozen)
    return frozen


def count(model: nn.Module) -> tuple[int, int]:
    """(trainable, total) parameters."""
    sizes = [(p.numel(), p.requires_grad) for p in model.parameters()]
    return sum(n for n, trains in sizes if trains), sum(n for n, _ in sizes)


def parameter_groups(model: nn.Module, lrs: Mapping[str, float], weight_decay: float) -> list[dict[str, Any]]:
    """One optimizer group per pattern, norms and biases (one-dimensional) apart so that they do not decay."""
    groups: dict[tuple[str, bool], dict[str, Any]] = {}
    for name, parameter in model.named_parameters():
        pattern = matching(name, lrs)
        if pattern is None:
            continue
        decays = parameter.ndim > 1
        group = groups.setdefault(
            (pattern, decays),
            {
                "params": [],
                "lr": lrs[pattern],
                "base_lr": lrs[pattern],
                "pattern": pattern,
                "weight_decay": weight_decay if decays else 0.0,
            },
        )
        group["params"].append(parameter)
    return list(groups.values())


def optimizer(settings: Optimizer, groups: list[dict[str, Any]]) -> optim.Optimizer:
    """torch's own, fused where it can be."""
    match settings.name:
        case "adam":
            return optim.Adam(groups, fused=True)
        case "adamw":
            return optim.AdamW(groups, fused=True)
    return optim.SGD(groups, momentum=0.9, fused=True)
