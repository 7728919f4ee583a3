"""Which parameters train, and at which base rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn, optim

from tlcore.errors import RecipeError
from tlcore.strategies import Optimizer, Phase, matching
from tlcore.zoo.model import TransferModel

__all__ = [
    "batch_norms",
    "carry",
    "count",
    "freeze",
    "movable",
    "optimizer",
    "parameter_groups",
    "set_modes",
    "untouched_stages",
]


def batch_norms(module: nn.Module) -> list[nn.Module]:
    """All BatchNorm layers of any dimension."""
    return [layer for layer in module.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]


def freeze(model: TransferModel, phase: Phase, *, batch_norm: bool = False) -> None:
    """Leave `requires_grad` on for what a pattern of the phase matches, and nothing else.

    Args:
        batch_norm: Also freeze the backbone's BatchNorm weights and biases.

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
    for layer in batch_norms(model.backbone) if batch_norm else ():
        layer.requires_grad_(False)


def set_modes(model: TransferModel) -> bool:
    """Train mode for what trains, eval mode for what is frozen; returns whether the whole backbone is.

    A BatchNorm layer whose weights are frozen stays in eval mode, so that its statistics are frozen with them.
    """
    model.train()
    _follow_parameters(model.backbone, training=True)
    for layer in batch_norms(model.backbone):
        layer.train(any(parameter.requires_grad for parameter in layer.parameters()))
    return not any(parameter.requires_grad for parameter in model.backbone.parameters())


def _follow_parameters(module: nn.Module, *, training: bool) -> None:
    """A module is in train mode if any of its parameters trains; one without parameters follows the one around it."""
    parameters = list(module.parameters())
    module.training = any(parameter.requires_grad for parameter in parameters) if parameters else training
    for child in module.children():
        _follow_parameters(child, training=module.training)


def count(model: nn.Module) -> tuple[int, int]:
    """(trainable, total) parameters."""
    sizes = [(p.numel(), p.requires_grad) for p in model.parameters()]
    return sum(n for n, trains in sizes if trains), sum(n for n, _ in sizes)


def movable(model: TransferModel, phases: Sequence[Phase]) -> tuple[str, ...]:
    """Names in the state dict that any of the phases may change: parameters, and buffers of a backbone that trains."""
    patterns = {pattern: lr for phase in phases for pattern, lr in phase.lrs.items()}
    parameters = [name for name, _ in model.named_parameters() if matching(name, patterns)]
    if all(name.startswith("head.") for name in parameters):
        return tuple(parameters)
    stored = set(model.state_dict())
    return tuple(parameters) + tuple(name for name, _ in model.named_buffers() if name in stored)


def untouched_stages(model: TransferModel, phases: Sequence[Phase]) -> int:
    """How many of the backbone's first stages none of the phases trains."""
    patterns = {pattern: lr for phase in phases for pattern, lr in phase.lrs.items()}
    stages = dict.fromkeys(model.stages(), 0.0)
    touched = {
        matching(name, stages)
        for name, _ in model.named_parameters()
        if name.startswith("backbone.") and matching(name, patterns)
    }
    if None in touched:
        return 0
    return next((i for i, stage in enumerate(model.stages()) if stage in touched), len(stages))


def parameter_groups(model: nn.Module, lrs: Mapping[str, float], weight_decay: float) -> list[dict[str, Any]]:
    """One optimizer group per pattern, norms and biases (one-dimensional) apart so that they do not decay.

    Parameters without `requires_grad` are left out.
    """
    groups: dict[tuple[str, bool], dict[str, Any]] = {}
    for name, parameter in model.named_parameters():
        pattern = matching(name, lrs)
        if pattern is None or not parameter.requires_grad:
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


def carry(old: optim.Optimizer | None, new: optim.Optimizer) -> optim.Optimizer:
    """Let what trained before go on with its state; what is frozen now loses it, what joins begins without."""
    parameters: list[Tensor] = [parameter for group in new.param_groups for parameter in group["params"]]
    for parameter in parameters if old else ():
        if old and parameter in old.state:
            new.state[parameter] = old.state[parameter]
    return new
