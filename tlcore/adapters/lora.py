"""Adapters on a model: attach, merge, save, swap. The mathematics is peft's."""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from tlcore.adapters.settings import LoraSettings
from tlcore.adapters.targets import target_modules
from tlcore.errors import RecipeError, WeightsError
from tlcore.zoo.model import TransferModel

__all__ = [
    "adapter_parameters",
    "adapter_state",
    "attach",
    "attached",
    "load_adapter",
    "load_adapter_state",
    "merge",
    "save_adapter",
]

PREFIX = "base_model.model."
"""What peft's own files put before a module's name."""
NAME = "default"


def attach(model: TransferModel, settings: LoraSettings) -> None:
    """Add adapters to the backbone in place and freeze all else of it; the output stays what it was.

    Torch's global seed decides the adapters' first factor; the second is zero.

    Raises:
        RecipeError: nothing fits the target, or the model has adapters already.
    """
    from peft import inject_adapter_in_model

    if attached(model):
        raise RecipeError("This model has adapters already: merge them first, or build it anew.")
    modes = [(module, module.training) for module in model.backbone.modules()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft warns of a missing model config, which only its hub needs
        inject_adapter_in_model(_config(model.backbone, settings), model.backbone, NAME)
    for module, training in modes:
        module.training = training
    for name, parameter in model.backbone.named_parameters():
        parameter.requires_grad = "lora_" in name


def attached(model: TransferModel) -> bool:
    """Whether the backbone has adapters that are not merged."""
    return bool(adapter_parameters(model))


def adapter_parameters(model: TransferModel) -> tuple[str, ...]:
    """Names of the adapters' parameters in the model."""
    return tuple(name for name, _ in model.named_parameters() if name.startswith("backbone.") and "lora_" in name)


def merge(model: TransferModel) -> None:
    """Fold the adapters into the weights, W + (alpha / r) B A, and take the wrappers away. Twice is as good as once."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    wrapped = [(name, m) for name, m in model.backbone.named_modules() if isinstance(m, BaseTunerLayer)]
    outermost = [(n, m) for n, m in wrapped if not any(n.startswith(other + ".") for other, _ in wrapped)]
    for name, module in outermost:
        module.merge(safe_merge=True)
        base: nn.Module = module.get_base_layer()
        base.train(model.backbone.get_submodule(name).training)
        parent, _, child = name.rpartition(".")
        setattr(model.backbone.get_submodule(parent), child, base)
    if hasattr(model.backbone, "peft_config"):
        del model.backbone.peft_config


def adapter_state(model: TransferModel) -> dict[str, Tensor]:
    """The adapters' tensors as peft's files name them."""
    from peft import get_peft_model_state_dict

    saved = get_peft_model_state_dict(model.backbone, adapter_name=NAME)
    return {PREFIX + name.removeprefix(PREFIX): value.detach().cpu().clone() for name, value in saved.items()}


def load_adapter_state(model: TransferModel, state: Mapping[str, Tensor]) -> None:
    """Put other adapters of the same shape in the place of those attached.

    Raises:
        WeightsError: a tensor is missing, unknown, or of another shape.
    """
    from peft import set_peft_model_state_dict

    own = adapter_state(model)
    for name in sorted({*own, *state}):
        has = tuple(own[name].shape) if name in own else "no such tensor"
        given = tuple(state[name].shape) if name in state else "no such tensor"
        if has != given:
            raise WeightsError(f"This adapter does not fit: {name} has {given} in the file and {has} in the model.")
    plain = {name.removeprefix(PREFIX): value for name, value in state.items()}
    set_peft_model_state_dict(model.backbone, plain, adapter_name=NAME)


def save_adapter(model: TransferModel, folder: Path, classes: Sequence[str]) -> None:
    """Write the adapter as `PeftModel.from_pretrained(backbone, folder)` reads it, and the head beside it.

    `adapter_config.json`, `adapter_model.safetensors` and `head.safetensors`; each appears whole or not at all.
    """
    import json

    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    head = {name: value.detach().cpu().contiguous() for name, value in model.head.state_dict().items()}
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as draft:
        drafts = Path(draft)
        _config_of(model).save_pretrained(draft)
        save_file(adapter_state(model), drafts / "adapter_model.safetensors", metadata={"format": "pt"})
        save_file(head, drafts / "head.safetensors", metadata={"classes": json.dumps(list(classes))})
        for path in sorted(drafts.iterdir()):
            path.replace(folder / path.name)


def load_adapter(model: TransferModel, folder: Path) -> None:
    """The inverse of `save_adapter`, on a model with adapters of the same settings.

    Raises:
        WeightsError: a file is missing, or does not fit.
    """
    from safetensors.torch import load_file

    try:
        state, head = load_file(folder / "adapter_model.safetensors"), load_file(folder / "head.safetensors")
        load_adapter_state(model, state)
        model.head.load_state_dict(head)
    except (OSError, RuntimeError) as error:
        raise WeightsError(f"The adapter in {folder.name} cannot be loaded: {error}") from error


def _config(backbone: nn.Module, settings: LoraSettings) -> Any:
    from peft import LoraConfig

    names = target_modules(backbone, settings.targets, dora=settings.dora)
    return LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,  # type: ignore[arg-type]
        lora_dropout=settings.dropout,
        target_modules="|".join(map(re.escape, names)),
        use_rslora=settings.rslora,
        use_dora=settings.dora,
    )


def _config_of(model: TransferModel) -> Any:
    configs: Any = model.backbone.peft_config
    return configs[NAME]
