"""A run's model as it was kept, and its answers on a split."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from tlcore.data import Dataset
from tlcore.errors import RunError
from tlcore.evaluation.predictions import Predictions, keep
from tlcore.features.feeds import Feeds
from tlcore.features.stored import DatasetFeeds
from tlcore.runs.liveness import run_folder
from tlcore.runs.making import made
from tlcore.runs.records import Run
from tlcore.runs.store import open_store
from tlcore.strategies import Preparing
from tlcore.training import Recipe
from tlcore.training.checkpoint import load_weights
from tlcore.training.events import Evaluated
from tlcore.training.scoring import embedder, logits
from tlcore.zoo.model import TransferModel

__all__ = ["answered", "is_frozen", "predictions", "restored", "scoring"]

Scored = Literal["val", "test"]


def restored(home: Path, run: Run) -> tuple[TransferModel, DatasetFeeds, Dataset, Recipe]:
    """The model with the weights of its best epoch, in eval mode on the recipe's device, and its data.

    A process that needs backbones of the user's own calls `learn(home)` before.

    Raises:
        RunError: the run kept no weights.
        DataError: its dataset is gone.
        WeightsError: the kept weights do not fit, or the backbone's are not here.
    """
    path = run_folder(home, run.id) / "best.safetensors"
    if not path.exists():
        raise RunError(f"Run {run.id} kept no model: {run.reason or 'it has not finished an epoch.'}")
    recipe = Recipe.from_dict(run.recipe)
    model, feeds, dataset = made(home, recipe)
    torch.manual_seed(recipe.seed)
    if isinstance(recipe.strategy, Preparing):
        recipe.strategy.prepare(model)
    load_weights(model, path)
    model.eval()
    return model, feeds, dataset, recipe


def scoring(
    model: TransferModel, data: Feeds, split: Scored, *, frozen: bool
) -> Generator[Evaluated, None, tuple[Tensor, Tensor]]:
    """Score a split, through stored features where the backbone is as it was pretrained; as `training.scoring.logits`.

    Samples come in the order of the dataset's rows.
    """
    forward, feed = (model.head, data.features(split, embedder(model))) if frozen else (model, data.raw(split))
    return logits(model, forward, feed, split)


def answered(scores: Tensor, labels: Tensor, dataset: Dataset, split: Scored, epoch: int) -> Predictions:
    """Logits (N, C) and labels (N,) of a whole split, with the rows they belong to."""
    return Predictions(
        rows=dataset.rows(split),
        logits=scores.float().numpy(),
        labels=labels.numpy(),
        epoch=epoch,
        dataset=dataset.id,
        split=split,
    )


def predictions(home: Path, about: Mapping[str, Any], tell: Callable[[float, str], None]) -> dict[str, Any]:
    """Score the `split` of a `run` that has no predictions of it yet, and keep them; `epoch` is the best one."""
    run, split = open_store(home).run(about["run"]), about["split"]
    if split not in ("val", "test"):
        raise RunError(f"A run is scored on val or test, not on {split!r}.")
    tell(0.0, "loading the data and the model")
    model, feeds, dataset, _ = restored(home, run)
    work = scoring(model, feeds, split, frozen=is_frozen(home, run))
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            scores, labels = end.value
            break
        tell(event.done / max(1, event.total), f"scoring {split}")
    epoch = run.best_epoch or 0
    keep(run_folder(home, run.id), split, answered(scores, labels, dataset, split, epoch))
    return {"n": len(labels), "epoch": epoch}


def is_frozen(home: Path, run: Run) -> bool:
    """The kept file has the tensors that training may move: with none of the backbone's, features may come stored."""
    from safetensors import safe_open

    with safe_open(run_folder(home, run.id) / "best.safetensors", framework="numpy") as file:
        return not any(name.startswith("backbone.") for name in file.keys())  # noqa: SIM118  not a mapping
