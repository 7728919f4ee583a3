"""The matrices of a module that can have an adapter, and which of them get one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from torch import nn

from tlcore.adapters.roles import FUSED, role
from tlcore.adapters.selection import pattern, select, words
from tlcore.adapters.settings import TARGETS
from tlcore.adapters.shapes import Matrix
from tlcore.errors import RecipeError

__all__ = ["matrices", "target_modules"]

BYPASSED = ("MultiheadAttention", "ShiftedWindowAttention", "ShiftedWindowAttentionV2")
"""Modules that read the weights of their layers without calling them, so that an adapter inside would do nothing."""


def matrices(network: nn.Module) -> tuple[Matrix, ...]:
    """Linear layers, convolutions that are not grouped, and torch's attention, in order."""
    bypassed = [name + "." for name, module in network.named_modules() if type(module).__name__ in BYPASSED]
    return tuple(
        matrix
        for name, module in network.named_modules()
        if not any(name.startswith(start) for start in bypassed)
        for matrix in _matrix(name, module)
    )


def target_modules(backbone: nn.Module, targets: str, *, dora: bool = False) -> tuple[str, ...]:
    """Full dotted names inside the backbone, in order.

    Raises:
        RecipeError: nothing there is called that, or it cannot have an adapter.
    """
    fitting = matrices(backbone)
    if targets not in TARGETS:
        _refuse_others(backbone, fitting, targets)
    return tuple(matrix.name for matrix in select(fitting, targets, dora=dora))


def _matrix(name: str, module: nn.Module) -> Iterator[Matrix]:
    if isinstance(module, nn.MultiheadAttention):
        bias = module.out_proj.bias
        width = module.embed_dim
        n = 0 if bias is None else bias.numel()
        yield Matrix(name=name, kind="attention", d_in=width, d_out=width, bias=n, role=FUSED)
    elif isinstance(module, nn.Conv2d) and module.groups == 1:
        window = module.kernel_size[0] * module.kernel_size[1]
        yield Matrix(
            name=name,
            kind="convolution",
            d_in=module.in_channels,
            d_out=module.out_channels,
            kernel=window,
            bias=_bias(module),
        )
    elif isinstance(module, nn.Linear):
        d_in, d_out = module.in_features, module.out_features
        yield Matrix(name=name, kind="linear", d_in=d_in, d_out=d_out, bias=_bias(module), role=role(name))
    elif type(module).__name__ == "Conv1D":
        d_in, d_out = module.get_parameter("weight").shape
        yield Matrix(name=name, kind="transposed", d_in=d_in, d_out=d_out, bias=_bias(module), role=role(name))


def _bias(module: nn.Module) -> int:
    bias = module.bias
    return bias.numel() if isinstance(bias, nn.Parameter) else 0


def _refuse_others(backbone: nn.Module, fitting: tuple[Matrix, ...], targets: str) -> None:
    """A word that names modules of which none can have an adapter is refused by what it names."""
    able = [matrix.name for matrix in fitting]
    for word in words(targets):
        fits = re.compile(pattern([word]))
        named = [name for name, _ in backbone.named_modules() if fits.fullmatch(name)]
        if named and not any(fits.fullmatch(name) for name in able):
            kind = type(backbone.get_submodule(named[0])).__name__
            raise RecipeError(
                f"{named[0]} is a {kind} that cannot have a low-rank adapter (grouped, without a matrix, or read by "
                "its parent without being called)."
            )
