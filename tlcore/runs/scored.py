"""A run's model as it was kept, and its answers on a split."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from tlcore.data import Dataset, load_dataset
from tlcore.errors import RunError
from tlcore.evaluation.matching import match
from tlcore.evaluation.predictions import Predictions, keep
from tlcore.features.feeds import Feeds
from tlcore.features.stored import DatasetFeeds
from tlcore.runs.elsewhere import name_of
from tlcore.runs.liveness import run_folder
from tlcore.runs.making import made
from tlcore.runs.records import Run
from tlcore.runs.store import open_store
from tlcore.strategies import Preparing
from tlcore.training import Recipe
from tlcore.training.checkpoint import load_weights
from tlcore.training.events import Evaluated
from tlcore.training.scoring import embedder, logits
from tlcore.zoo import backbone
from tlcore.zoo.model import TransferModel

__all__ = ["answered", "elsewhere", "is_frozen", "predictions", "restored", "scoring"]

Scored = Literal["val", "test"]
MOST_LOGITS = 200_000_000
"""Of one part of another dataset: 800 MB."""


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
    scores, labels = _told(work, f"scoring {split}", tell)
    epoch = run.best_epoch or 0
    keep(run_folder(home, run.id), split, answered(scores, labels, dataset, split, epoch))
    return {"n": len(labels), "epoch": epoch}


def elsewhere(home: Path, about: Mapping[str, Any], tell: Callable[[float, str], None]) -> dict[str, Any]:
    """Score a `run` on a `part` of another `dataset`, as its own test split was scored, and keep the answers.

    `epoch` is the one whose weights are to answer. Samples of classes that the run does not know are left out.

    Raises:
        RunError: the run kept no model, has other weights by now, or there are too many samples.
        DataError: a dataset is gone, or the two do not fit.
    """
    tell(0.0, "loading the data and the model")
    run = open_store(home).run(about["run"])
    if run.best_epoch != about["epoch"]:
        raise RunError(f"Run {run.id} has the weights of epoch {run.best_epoch} by now, not of {about['epoch']}.")
    own, other = load_dataset(home, run.dataset), load_dataset(home, str(about["dataset"]))
    matched = match(own, other, about["part"])
    _bounded(len(matched.rows), len(own.classes))
    model, _, _, recipe = restored(home, run)
    device, record = next(model.parameters()).device, backbone(recipe.backbone)
    data = DatasetFeeds(other, record, home, device=device, precision=recipe.precision)
    frozen = is_frozen(home, run)
    feed = data.some(matched.rows, embedder(model) if frozen else None)
    scores, _ = _told(logits(model, model.head if frozen else model, feed, "test"), "scoring", tell)
    found = Predictions(
        rows=matched.rows,
        logits=scores.float().numpy(),
        labels=matched.labels,
        epoch=run.best_epoch or 0,
        dataset=other.id,
        split=matched.part,
    )
    keep(run_folder(home, run.id), name_of(other.id, matched.part), found)
    return {"n": len(matched.rows), "epoch": found.epoch}


def is_frozen(home: Path, run: Run) -> bool:
    """The kept file has the tensors that training may move: with none of the backbone's, features may come stored."""
    from safetensors import safe_open

    with safe_open(run_folder(home, run.id) / "best.safetensors", framework="numpy") as file:
        return not any(name.startswith("backbone.") for name in file.keys())  # noqa: SIM118  not a mapping


def _told(
    work: Generator[Evaluated, None, tuple[Tensor, Tensor]], what: str, tell: Callable[[float, str], None]
) -> tuple[Tensor, Tensor]:
    """Logits and labels once the work is done, which tells meanwhile how far it is."""
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            scores, labels = end.value
            return scores, labels
        tell(event.done / max(1, event.total), f"{what}: {event.done:,} of {event.total:,}")


def _bounded(n: int, n_classes: int) -> None:
    if n * n_classes > MOST_LOGITS:
        raise RunError(
            f"{n:,} samples of {n_classes:,} classes are {n * n_classes:,} logits, more than the {MOST_LOGITS:,} that "
            "are kept of a part; score the test split alone, or make a smaller dataset of it."
        )
