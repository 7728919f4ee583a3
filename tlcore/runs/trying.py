"""A page's try, answered by a process that keeps the last models warm for a few minutes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from tlcore.data import Modality, load_dataset
from tlcore.data.thumbnails import picture
from tlcore.data.unlabelled import Offered, images, texts
from tlcore.errors import DataError, RunError
from tlcore.runs.liveness import run_folder
from tlcore.runs.predicting import BATCH, Predictor
from tlcore.runs.store import open_store
from tlcore.runs.tries import LIMITS, MOST_INPUTS, Try, keep_answers, opened, picture_of

__all__ = ["offered", "tried"]

TOP, NEAREST = 10, 6
SIDE = 480
"""Of the small copies, in pixels."""
Tell = Callable[[float, str], None]


def tried(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Answer the inputs `token` of the run `of` with the model of `run`; the answers lie beside them.

    Raises:
        RunError: the inputs are gone.
        DataError: nothing of them can be read.
    """
    of = opened(home, about["of"], about["token"])
    if of is None:
        raise RunError("This input is gone: it was kept for a day. Bring it again.")
    model = _model(home, about["run"], tell)
    near = model.near(tell)
    found = list(islice(offered(of, model.dataset.modality), MOST_INPUTS + 1))
    if not found:
        raise DataError("Nothing was found in it that this model reads.")
    plain = _answered(model, of, found[:MOST_INPUTS], tell)
    facts = {
        "run": model.run,
        "more": len(found) > MOST_INPUTS,
        "space": model.space,
        "unknown": model.unknown,
        "temperature": model.temperature,
        "k": near.k if near else 0,
        "percentile": near.percentile if near else 0.0,
        "n_val": near.n_val if near else 0,
        "threshold": near.threshold if near else None,
    }
    keep_answers(of, model.run, {**facts, **plain})
    return {"n": len(plain["inputs"])}


def _answered(model: Predictor, of: Try, found: list[Offered], tell: Tell) -> dict[str, Any]:
    """An entry for each input in order, and the milliseconds of one."""
    good = [(place, one) for place, one in enumerate(found) if one.sample is not None]
    milliseconds = model.milliseconds(good[0][1].sample) if good else None
    inputs: list[dict[str, Any]] = [_named(one, model.dataset.modality) for one in found]
    for start in range(0, len(good), BATCH):
        some = good[start : start + BATCH]
        tell(start / len(good), f"answering: {start:,} of {len(good):,}")
        answers = model.answer([one.sample for _, one in some], top=TOP, nearest=NEAREST)
        for (place, one), answer in zip(some, answers, strict=True):
            inputs[place] |= answer.to_dict()
            _picture(of, place, one.sample)
    return {"inputs": inputs, "milliseconds": milliseconds}


def _named(one: Offered, modality: Modality) -> dict[str, Any]:
    text = one.sample if modality == "text" else ""
    return {"name": one.name, "problem": one.problem, "text": text or "", "column": one.column}


def _picture(of: Try, place: int, sample: Any) -> None:
    path = picture_of(of, place)
    if isinstance(sample, str) or path.exists():
        return
    path.parent.mkdir(exist_ok=True)
    draft = path.with_name(f".{os.getpid()}-{path.name}")
    draft.write_bytes(picture(sample, SIDE))
    draft.replace(path)


def offered(of: Try, modality: Modality) -> Iterator[Offered]:
    """All inputs of a try in order, those that cannot be read with the reason."""
    for place, text in enumerate(of.texts):
        empty, name = not text.strip(), of.names[place] if place < len(of.names) else f"text {place + 1}"
        yield Offered(name=name, sample=None if empty else text, problem="The text is empty." if empty else "")
    for name in of.files:
        path = of.folder / "files" / name
        shown = name.partition("-")[2]
        try:
            read = images([path], of.folder, LIMITS) if modality == "image" else texts(path, LIMITS)
            for one in read:
                yield replace(one, name=one.name.replace(name, shown), problem=one.problem.replace(name, shown))
        except DataError as error:
            yield Offered(name=shown, sample=None, problem=str(error).replace(name, shown))


def _model(home: Path, run_id: str, tell: Tell) -> Predictor:
    """Loaded now, or by an earlier question to this process; other weights or another dataset make another."""
    run = open_store(home).run(run_id)
    load_dataset(home, run.dataset)
    weights = run_folder(home, run_id) / "best.safetensors"
    if not weights.exists():
        raise RunError(f"Run {run_id} kept no model: {run.reason or 'it has not finished an epoch.'}")
    calibrated = weights.with_name("temperature.json")
    mark = (weights.stat().st_mtime_ns, calibrated.stat().st_mtime_ns if calibrated.exists() else 0)
    tell(0.0, "loading the model")
    return _loaded(home, run_id, mark)


@lru_cache(maxsize=2)
def _loaded(home: Path, run_id: str, mark: tuple[int, int]) -> Predictor:
    """Two, for they may be compared."""
    return Predictor(home, open_store(home).run(run_id))
