"""The weights of a run on disk: only what training may move, the rest is the pretrained backbone's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from tlcore.errors import WeightsError
from tlcore.training.groups import movable
from tlcore.training.recipe import Recipe
from tlcore.zoo.model import TransferModel

__all__ = ["load_weights", "save_weights"]


def save_weights(model: TransferModel, path: Path, recipe: Recipe, classes: Sequence[str], epoch: int) -> None:
    """Write safetensors with the recipe and class names in its metadata; a reader never sees a half-written file."""
    from safetensors.torch import save_file

    state: dict[str, Tensor] = model.state_dict()
    names = movable(model, recipe.plan(model))
    tensors = {name: state[name].detach().cpu().contiguous() for name in names}
    notes = {"recipe": json.dumps(recipe.to_dict()), "classes": json.dumps(list(classes)), "epoch": str(epoch)}
    draft = path.with_suffix(".new")
    save_file(tensors, draft, metadata=notes)
    draft.replace(path)


def load_weights(model: TransferModel, path: Path) -> None:
    """Put saved weights back into a model built for the same recipe.

    Raises:
        WeightsError: a tensor is unknown to the model or has another shape, or the head is not in the file.
    """
    from safetensors.torch import load_file

    own, saved = model.state_dict(), load_file(path)
    for name, value in saved.items():
        if name not in own or own[name].shape != value.shape:
            fits = tuple(own[name].shape) if name in own else "no such tensor"
            raise WeightsError(f"{path.name} does not fit: {name} is {tuple(value.shape)}, the model has {fits}.")
    if missing := [name for name in own if name.startswith("head.") and name not in saved]:
        raise WeightsError(f"{path.name} has no {missing[0]}: it is not a checkpoint of this model.")
    model.load_state_dict(saved, strict=False)
