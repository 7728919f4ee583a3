"""Where a training is, as one file: what it takes to go on as if nothing had happened."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, optim

from tlcore.errors import RunError
from tlcore.training.events import EpochDone
from tlcore.training.recipe import Recipe
from tlcore.zoo.model import TransferModel

__all__ = ["Position", "load_state", "random_state", "restore_random", "save_state"]


@dataclass(kw_only=True)
class Position:
    """How far the loop is, and what it remembers between steps."""

    phase: int = 0
    """Index of the phase under way."""
    phase_epochs: int = 0
    """Epochs done in it."""
    epoch: int = 0
    """The epoch under way or done last, from 1."""
    batches: int = 0
    """Steps done in the epoch under way; 0 between epochs."""
    step: int = 0
    """Optimizer steps done in all."""
    loss: float = 0.0
    """Of the epoch under way, summed over samples."""
    right: float = 0.0
    seen: int = 0
    lowest: float = float("inf")
    """Lowest val loss of the phase."""
    waited: int = 0
    """Epochs since then."""
    micro: int = 0
    """Samples that pass the network at a time."""
    best: EpochDone | None = None


def save_state(
    path: Path,
    *,
    recipe: Recipe,
    position: Position,
    weights: Mapping[str, Tensor],
    best: Mapping[str, Tensor],
    optimizer: optim.Optimizer,
    scaler: torch.amp.GradScaler,
) -> None:
    """Write everything; a reader finds the old file or the new one, never half of one, also after a power cut."""
    plain = {
        "recipe": recipe.to_toml(),
        "position": asdict(position),
        "weights": dict(weights),
        "best": dict(best),
        "optimizer": optimizer.state_dict(),
        "scaler": scaler.state_dict(),
        "random": random_state(),
    }
    draft = path.with_name(f".new-{path.name}")
    try:
        with draft.open("wb") as file:
            torch.save(plain, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)  # of a full disk, it holds the rest
        raise


def load_state(path: Path, recipe: Recipe, model: TransferModel) -> dict[str, Any]:
    """What `save_state` wrote, with `position` as a `Position`; tensors on the model's device.

    Raises:
        RunError: the file is damaged, or belongs to another recipe. One of the recipe before it was extended is none.
    """
    device = next(model.parameters()).device
    try:
        plain: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        best = plain["position"].pop("best")
        plain["position"] = Position(**plain["position"], best=EpochDone(**best) if best else None)
    except Exception as error:  # torch's reader raises many kinds over bytes that are none of its own
        raise RunError(f"The saved state {path.name} cannot be read: start the recipe again.") from error
    known = [replace(recipe, extensions=recipe.extensions[:n]).to_toml() for n in range(len(recipe.extensions) + 1)]
    if plain["recipe"] not in known:
        raise RunError(f"The saved state {path.name} belongs to another recipe: start this one anew.")
    for part in ("weights", "best"):
        plain[part] = {name: value.to(device) for name, value in plain[part].items()}
    return plain


def random_state() -> dict[str, Any]:
    """Of torch's generators on the CPU and on every CUDA device."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {"cpu": torch.get_rng_state(), "cuda": cuda}


def restore_random(state: Mapping[str, Any]) -> None:
    """The inverse of `random_state`, as far as the devices are the same."""
    torch.set_rng_state(state["cpu"])
    if torch.cuda.is_available() and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
