"""Which modules of a backbone get an adapter."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from tlcore.adapters.settings import TARGETS
from tlcore.errors import RecipeError

__all__ = ["target_modules"]

QUERY_VALUE = ("query", "value", "q_lin", "v_lin", "q_proj", "v_proj", "c_attn", "qkv", "to_qkv", "self_attention")
"""As transformers, timm and torchvision name them; the last four hold the key in the same matrix."""
FUNCTIONAL = ("ShiftedWindowAttention", "ShiftedWindowAttentionV2")
"""torchvision's attention of Swin: it reads its layers' weights and never calls them, so adapters would do nothing."""
KEY_OUTPUT = (
    "key",
    "k_lin",
    "out_lin",
    "k_proj",
    "o_proj",
    "out_proj",
    "attention.output.dense",
    "attn.proj",
    "attn.c_proj",
)


def target_modules(backbone: nn.Module, targets: str) -> tuple[str, ...]:
    """Full dotted names inside the backbone, in order.

    Raises:
        RecipeError: nothing there is called that, or it cannot have an adapter.
    """
    bypassed = tuple(f"{name}." for name, module in backbone.named_modules() if type(module).__name__ in FUNCTIONAL)
    fitting = [n for n, module in backbone.named_modules() if _adaptable(module) and not n.startswith(bypassed)]
    if targets == "auto":
        found = _ending(fitting, QUERY_VALUE) or [n for n in fitting if _pointwise(backbone.get_submodule(n))]
    elif targets in TARGETS:
        choose: dict[str, Callable[[str], bool]] = {
            "attention": lambda n: bool(_ending([n], QUERY_VALUE + KEY_OUTPUT)),
            "linear": lambda n: _linear(backbone.get_submodule(n)),
            "convolution": lambda n: isinstance(backbone.get_submodule(n), nn.Conv2d),
        }
        found = [name for name in fitting if choose[targets](name)]
    else:
        found = _named(backbone, fitting, [part.strip() for part in targets.split(",") if part.strip()])
    if not found:
        kinds = sorted({name.rpartition(".")[2] for name in fitting})
        raise RecipeError(
            f"No module of this backbone fits the adapter's target {targets!r}. Those that can have one end in: "
            f"{', '.join(kinds[:30])}."
        )
    return tuple(name for name in found if not any(name.startswith(other + ".") for other in found))


def _named(backbone: nn.Module, fitting: list[str], endings: list[str]) -> list[str]:
    """Each ending must be of some module; one that cannot have an adapter is refused by name."""
    for ending in endings:
        if _ending(fitting, (ending,)):
            continue
        named = _ending([name for name, _ in backbone.named_modules()], (ending,))
        if named:
            kind = type(backbone.get_submodule(named[0])).__name__
            raise RecipeError(
                f"{named[0]} is a {kind} that cannot have a low-rank adapter (grouped, or without a matrix)."
            )
    return _ending(fitting, tuple(endings))


def _ending(names: list[str], endings: tuple[str, ...]) -> list[str]:
    return [name for name in names if any(name == e or name.endswith("." + e) for e in endings)]


def _linear(module: nn.Module) -> bool:
    return isinstance(module, nn.Linear) or type(module).__name__ == "Conv1D"


def _adaptable(module: nn.Module) -> bool:
    whole = isinstance(module, nn.Conv2d) and module.groups == 1
    return whole or _linear(module) or isinstance(module, nn.MultiheadAttention)


def _pointwise(module: nn.Module) -> bool:
    return _linear(module) or (isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1) and module.groups == 1)
