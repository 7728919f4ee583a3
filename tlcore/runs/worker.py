"""One run from start to report, in a process of its own."""

from __future__ import annotations

import errno
import logging
import os
import socket
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import torch

from tlcore.adapters.lora import save_adapter
from tlcore.data import Dataset, load_dataset
from tlcore.device import Meter, torch_device
from tlcore.errors import TlcoreError
from tlcore.evaluation.report import report
from tlcore.features.feeds import Feeds
from tlcore.features.stored import DatasetFeeds
from tlcore.runs import companion
from tlcore.runs.liveness import run_folder
from tlcore.runs.recorder import Recorder
from tlcore.runs.records import Run
from tlcore.runs.store import Store, open_store
from tlcore.strategies import Lora
from tlcore.training import Recipe
from tlcore.training.checkpoint import save_weights
from tlcore.training.events import EpochDone, Event, RunStarted, SavePoint
from tlcore.training.loop import fit
from tlcore.training.scoring import embedder, logits
from tlcore.zoo import backbone, learn
from tlcore.zoo.model import TransferModel, build

__all__ = ["work"]

EPOCH_SAVE_SECONDS = 2.0
"""Heads train at hundreds of epochs a second: the state is written no more often than this at their ends."""
STEP_SAVE_SECONDS = 120.0
"""And this often within an epoch."""
_LOG = logging.getLogger(__name__)


def work(home: Path, run_id: str) -> int:
    """Do the run; whatever goes wrong ends in its row with a sentence, and in the log with the traceback.

    Returns:
        The exit status: 0 where the run ended as it should.
    """
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    store = open_store(home)
    store.update(run_id, pid=os.getpid(), host=socket.gethostname(), activity="loading the data and the model")
    companion.start(home, run_id)
    try:
        _train(home, store, store.run(run_id))
    except Exception as error:
        _LOG.exception("run %s failed", run_id)
        store.end(run_id, "failed", _sentence(error))
        return 1
    return 0


def _train(home: Path, store: Store, run: Run) -> None:
    learn(home)
    recipe = Recipe.from_dict(run.recipe)
    dataset, record = load_dataset(home, recipe.dataset), backbone(recipe.backbone)
    torch.manual_seed(recipe.seed)
    device = torch_device(recipe.device)
    pretrained = recipe.strategy.pretrained
    model = build(record, len(dataset.classes), recipe.head, pretrained=pretrained, home=home).to(device)
    data = DatasetFeeds(
        dataset,
        record,
        home,
        device=device,
        augmentation=recipe.augmentation,
        seed=recipe.seed,
        precision=recipe.precision,
        tell=partial(store.note, run.id),
    )
    recorder = Recorder(store, run.id, data, n_classes=len(dataset.classes), meter=Meter(device))
    folder = run_folder(home, run.id)
    state = folder / "state.pt"
    resume = state if state.exists() else None
    try:
        with closing(fit(model, data, recipe, resume=resume)) as events:
            _follow(events, store, recorder, run.id, state)
    except Exception:
        recorder.flush()
        if recorder.best is not None:
            try:  # the model holds its best epoch
                _keep(model, folder, recipe, dataset.classes, recorder.best.epoch)
            except Exception:  # what made the training fail is what the user needs to know
                _LOG.exception("the best epoch of run %s could not be kept", run.id)
        raise
    recorder.flush()
    if recorder.best is None:
        store.end(run.id, "stopped", "Stopped before the first epoch was finished: there is no model to keep.")
        return
    _keep(model, folder, recipe, dataset.classes, recorder.best.epoch)
    _score(store, run, recorder, recorder.best, model, data, dataset)
    if not recorder.stop:
        state.unlink(missing_ok=True)


def _follow(events: Iterable[Event], store: Store, recorder: Recorder, run_id: str, state: Path) -> None:
    """Until the training is over, or asked to stop."""
    saved = time.monotonic()
    for event in events:
        if isinstance(event, RunStarted):
            store.rewind(run_id, event.step)
        recorder.take(event)
        if isinstance(event, SavePoint) and _due(event, time.monotonic() - saved):
            recorder.flush()
            event.save(state)
            saved = time.monotonic()
        if recorder.stop:
            return


def _keep(model: TransferModel, folder: Path, recipe: Recipe, classes: Sequence[str], epoch: int) -> None:
    save_weights(model, folder / "best.safetensors", recipe, classes, epoch)
    if isinstance(recipe.strategy, Lora):
        save_adapter(model, folder / "adapter", classes)


def _due(point: SavePoint, since: float) -> bool:
    return since > (EPOCH_SAVE_SECONDS if point.epoch_done else STEP_SAVE_SECONDS)


def _score(
    store: Store, run: Run, recorder: Recorder, best: EpochDone, model: TransferModel, data: Feeds, dataset: Dataset
) -> None:
    """The one use of the test split, with the weights of the epoch that val picked."""
    frozen = not any(parameter.requires_grad for parameter in model.backbone.parameters())
    forward, feed = (model.head, data.features("test", embedder(model))) if frozen else (model, data.raw("test"))
    scoring = logits(model, forward, feed, "test")
    while True:
        try:
            recorder.take(next(scoring))
        except StopIteration as end:
            scores, labels = end.value
            break
    result = report(scores, labels, dataset.classes, split="test", epoch=best.epoch)
    result["scorings"] = _scorings(run_folder(dataset.home, run.id))
    store.update(run.id, report=result, test_accuracy=result["accuracy"], test_macro_f1=result["macro_f1"])
    kept = f"Epoch {best.epoch} was best on val and is kept."
    store.end(run.id, *(("stopped", f"Stopped by request. {kept}") if recorder.stop else ("finished", kept)))


def _scorings(folder: Path) -> int:
    """How often this run's test split was scored, this time included: more than once if it was stopped and went on."""
    with (folder / "scorings").open("a+", encoding="utf-8") as file:
        file.write(f"{time.time():.0f}\n")
        file.flush()
        file.seek(0)
        return len(file.readlines())


def _sentence(error: Exception) -> str:
    if isinstance(error, TlcoreError):
        return str(error)
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return (
            "The device ran out of memory even with one sample at a time. Free some, or take a smaller model, and "
            "start again."
        )
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk is full. Free some space and resume the run."
    return f"Something unforeseen went wrong ({type(error).__name__}). The run's log has the details."
