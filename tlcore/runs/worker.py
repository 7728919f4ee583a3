"""One run from start to report, in a process of its own."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import torch

from tlcore.adapters.lora import save_adapter
from tlcore.data import Dataset
from tlcore.device import Meter, torch_device
from tlcore.errors import TlcoreError
from tlcore.evaluation.predictions import forget, keep
from tlcore.evaluation.report import report
from tlcore.features.feeds import Embedding, Feeds
from tlcore.runs import companion
from tlcore.runs.liveness import run_folder
from tlcore.runs.making import made
from tlcore.runs.patience import patiently
from tlcore.runs.pulse import pulse
from tlcore.runs.recorder import Recorder, TakenOverError
from tlcore.runs.records import Run, Status
from tlcore.runs.scored import answered, scoring
from tlcore.runs.store import Store, open_store
from tlcore.strategies import FeatureExtraction, Lora, Preparing
from tlcore.training import Recipe
from tlcore.training.checkpoint import load_weights, save_weights
from tlcore.training.events import EpochDone, Event, RunStarted, SavePoint, StepDone
from tlcore.training.loop import fit
from tlcore.zoo import learn
from tlcore.zoo.model import TransferModel

__all__ = ["work"]

EPOCH_SAVE_SECONDS = 2.0
"""Heads train at hundreds of epochs a second: the state is written no more often than this at their ends."""
STEP_SAVE_SECONDS = 120.0
"""And this often within an epoch."""
STORE_SECONDS = 1.0
"""How long a write waits for a locked store before the training goes on without it."""
ROOM = 20
"""A finished run's last state is kept while the disk has room for this many of it."""
_LOG = logging.getLogger(__name__)


def work(home: Path, run_id: str, claim: int) -> int:
    """Do the run; whatever goes wrong ends in its row with a sentence, and in the log with the traceback.

    Returns:
        The exit status: 0 where the run ended as it should.
    """
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    store = patiently(open_store, home, patience=STORE_SECONDS)
    patiently(store.update, run_id, claim=claim, pid=os.getpid(), activity="loading the data and the model")
    companion.start(home, run_id)
    try:
        with pulse(store, run_id, claim):
            _train(home, store, patiently(store.run, run_id), claim)
    except TakenOverError:
        _LOG.exception("run %s is another worker's now", run_id)
    except Exception as error:
        _LOG.exception("run %s failed", run_id)
        status: Status = "interrupted" if _is_full(error) else "failed"
        patiently(store.end, run_id, status, _sentence(error), claim=claim)
        return 1
    return 0


def _train(home: Path, store: Store, run: Run, claim: int) -> None:
    learn(home)
    recipe = Recipe.from_dict(run.recipe)
    model, data, dataset = made(home, recipe, lambda words: patiently(store.note, run.id, words))
    device = torch_device(recipe.device)
    recorder = Recorder(store, run.id, data, claim=claim, n_classes=len(dataset.classes), meter=Meter(device))
    folder = run_folder(home, run.id)
    if run.best_epoch and any(order == "score" for _, order in patiently(store.commands, run.id)):
        _prepared(model, recipe, folder)
        whole = run.epoch >= run.epochs or recipe.patience > 0
        _score(store, run, claim, recorder, run.best_epoch, model, data, dataset, stopped=not whole)
        return
    state = folder / "state.pt"
    try:
        with closing(fit(model, data, recipe, resume=state if state.exists() else None)) as events:
            _follow(events, store, recorder, run.id, state)
        if words := _passed(data.embedding()):
            recorder.note(words)
        recorder.finish()
    except TakenOverError:
        raise
    except Exception:
        _keep_what_there_is(model, folder, recipe, dataset, recorder)
        raise
    if recorder.pause and not recorder.stop and _paused(store, run.id, claim):
        return
    if recorder.best is None:
        words = "Stopped before the first epoch was finished: there is no model to keep."
        patiently(store.end, run.id, "stopped", words, claim=claim)
        return
    _keep(model, folder, recipe, dataset.classes, recorder.best.epoch)
    _spare(state)
    if recorder.hold:
        _rest(store, run.id, claim, recorder.best, stopped=recorder.stop)
        return
    _score(store, run, claim, recorder, recorder.best.epoch, model, data, dataset, stopped=recorder.stop)


def _follow(events: Iterable[Event], store: Store, recorder: Recorder, run_id: str, state: Path) -> None:
    """Until the training is over, or asked to stop, or asked to pause and its state is written."""
    saved, point = time.monotonic(), None
    for event in events:
        if isinstance(event, RunStarted):
            patiently(store.rewind, run_id, event.step)
        recorder.take(event)
        if isinstance(event, SavePoint):
            point = event
            if _due(event, time.monotonic() - saved):
                recorder.flush()
                _save(event, state)
                saved = time.monotonic()
        elif isinstance(event, StepDone):
            point = None
        if recorder.stop:
            return
        if recorder.pause and (point or isinstance(event, RunStarted)):
            if point:
                _save(point, state)
            return


def _passed(embedding: Embedding) -> str:
    """How many samples passed what is frozen, and how many did not since an earlier run had kept what it says of them.

    Nothing where a model is trained whole.
    """
    if not embedding.total:
        return ""
    if not embedding.fresh:
        return f"No sample passed the frozen backbone: what it says of all {embedding.total:,} was kept before."
    of = f"{embedding.fresh:,} of {embedding.total:,} samples"
    return f"{of} passed the frozen backbone, in {embedding.seconds:.1f} s. What it says is kept for later runs."


def _save(point: SavePoint, state: Path) -> None:
    """Write the state, or leave the one before it as it is.

    Raises:
        OSError: it cannot be written, for want of room for example.
    """
    try:
        point.save(state)
    except RuntimeError as error:  # torch's writer, which tells of a failed write in its own way
        if isinstance(error.__context__, OSError):
            raise error.__context__ from error
        raise


def _paused(store: Store, run_id: str, claim: int) -> bool:
    """Rest, unless a stop was asked for in the meantime."""
    run = patiently(store.run, run_id)
    words = f"Paused in epoch {run.epoch:,} of {run.epochs:,}, after step {run.step:,}."
    return patiently(store.end, run_id, "paused", words, where=("running", "pausing"), claim=claim)


def _keep_what_there_is(
    model: TransferModel, folder: Path, recipe: Recipe, dataset: Dataset, recorder: Recorder
) -> None:
    """After a failure the model holds its best epoch; what made the training fail is what the user needs to know."""
    try:
        recorder.finish()
        if recorder.best is not None:
            _keep(model, folder, recipe, dataset.classes, recorder.best.epoch)
    except Exception:
        _LOG.exception("the best epoch of %s could not be kept", folder.name)


def _spare(state: Path) -> None:
    """Keep a last state, from which the run can be extended, only where it takes little of the room there is.

    Without it an extension begins with the first epoch again, and comes to the same.
    """
    if state.exists() and state.stat().st_size * ROOM > shutil.disk_usage(state.parent).free:
        state.unlink()


def _keep(model: TransferModel, folder: Path, recipe: Recipe, classes: Sequence[str], epoch: int) -> None:
    save_weights(model, folder / "best.safetensors", recipe, classes, epoch)
    if isinstance(recipe.strategy, Lora):
        save_adapter(model, folder / "adapter", classes)


def _due(point: SavePoint, since: float) -> bool:
    return point.final or since > (EPOCH_SAVE_SECONDS if point.epoch_done else STEP_SAVE_SECONDS)


def _prepared(model: TransferModel, recipe: Recipe, folder: Path) -> None:
    """As it was when its best epoch was kept."""
    if isinstance(recipe.strategy, Preparing):
        recipe.strategy.prepare(model)
    load_weights(model, folder / "best.safetensors")
    if isinstance(recipe.strategy, FeatureExtraction):
        model.backbone.requires_grad_(False)


def _rest(store: Store, run_id: str, claim: int, best: EpochDone, *, stopped: bool) -> None:
    """End without a look at the test split; who asked for the stop may have said why."""
    why = patiently(store.run, run_id).reason or "Stopped by request."
    kept = f"Epoch {best.epoch} was best on val and is kept. The test split was not read."
    status: Status = "stopped" if stopped else "finished"
    patiently(store.end, run_id, status, f"{why} {kept}" if stopped else kept, claim=claim)


def _score(
    store: Store,
    run: Run,
    claim: int,
    recorder: Recorder,
    epoch: int,
    model: TransferModel,
    data: Feeds,
    dataset: Dataset,
    *,
    stopped: bool,
) -> None:
    """The one use of the test split, with the weights of the epoch that val picked."""
    frozen = not any(parameter.requires_grad for parameter in model.backbone.parameters())
    work = scoring(model, data, "test", frozen=frozen)
    while True:
        try:
            recorder.take(next(work))
        except StopIteration as end:
            scores, labels = end.value
            break
    recorder.finish()
    result = report(scores, labels, dataset.classes, split="test", epoch=epoch)
    folder = run_folder(dataset.home, run.id)
    result["scorings"] = _scorings(folder)
    forget(folder)
    keep(folder, "test", answered(scores, labels, dataset, "test", epoch))
    kept = f"Epoch {epoch} was best on val and is kept."
    columns = {"report": result, "test_accuracy": result["accuracy"], "test_macro_f1": result["macro_f1"]}
    status: Status = "stopped" if stopped else "finished"
    reason = f"Stopped by request. {kept}" if stopped else kept
    patiently(store.end, run.id, status, reason, claim=claim, **columns)


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
    if _is_full(error):
        return (
            "The disk is full, so the run's state could not be written; the one before it is kept. Free some space and "
            "resume the run."
        )
    return f"Something unforeseen went wrong ({type(error).__name__}). The run's log has the details."


def _is_full(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
