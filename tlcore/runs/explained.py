"""The job "explain": attributions of a run's answers, its pictures as files of the job, all else as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tlcore.data import Dataset, load_dataset
from tlcore.data.transforms import restore
from tlcore.errors import RunError
from tlcore.evaluation.attributions import METHODS, Method, Sums
from tlcore.evaluation.attributions_images import attribute_image
from tlcore.evaluation.attributions_layers import methods
from tlcore.evaluation.attributions_texts import attribute_text
from tlcore.features.feeds import move
from tlcore.features.inputs import ImageInputs, Reader, TextInputs, reader
from tlcore.features.varied import reading
from tlcore.runs import jobs
from tlcore.runs.explaining import MOST_CHARACTERS, Source
from tlcore.runs.scored import restored
from tlcore.runs.store import open_store
from tlcore.runs.tries import opened
from tlcore.runs.trying import offered
from tlcore.zoo import backbone
from tlcore.zoo.model import TransferModel

__all__ = ["explained"]

Tell = Callable[[float, str], None]


def explained(home: Path, about: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Explain a run's answers: `about` is what `tlcore.runs.explaining.question` makes.

    For images the job's folder gets `input-<place>.png` and `heat-<place>.npz` for each source.

    Raises:
        RunError: the run kept no model, or has other weights by now; no such class; a source is gone.
        DataError: a source cannot be read, or is not what the model reads.
    """
    tell(0.0, "loading the model")
    run = open_store(home).run(about["run"])
    if run.best_epoch != about["epoch"]:
        raise RunError(f"Run {run.id} has the weights of epoch {run.best_epoch} by now, not of {about['epoch']}.")
    model, _, dataset, recipe = restored(home, run)
    inputs, folder = reader(backbone(recipe.backbone), home), jobs.place(home, "explain", about)
    sources = [Source.from_dict(plain) for plain in about["sources"]]
    items = []
    for place, source in enumerate(sources):

        def along(share: float, place: int = place) -> None:
            tell((place + share) / len(sources), "following the score")

        along(0.0)
        sample = _prepared(home, source, inputs)
        if isinstance(inputs, ImageInputs):
            items.append(_image(model, inputs, sample, about, folder / f"input-{place}.png", along))
        elif isinstance(inputs, TextInputs):
            items.append(_text(model, inputs, sample, about, along))
    return {"classes": list(dataset.classes), "items": items}


def _image(
    model: TransferModel,
    inputs: ImageInputs,
    sample: Any,
    about: Mapping[str, Any],
    picture: Path,
    tell: Callable[[float], None],
) -> dict[str, Any]:
    from PIL import Image

    batch = inputs.collate([sample])
    x = batch.to(next(model.parameters()).device)
    logits = _logits(model, x)
    target, fitting = _target(logits, about["target"]), methods(model, x)
    heat = attribute_image(model, x, target, _method(about["method"], fitting), tell)
    Image.fromarray(restore(batch, inputs.preprocessing)[0].numpy()).save(picture)
    heat_file = picture.with_name(picture.name.replace("input-", "heat-")).with_suffix(".npz")
    np.savez_compressed(heat_file, heat=heat.values)
    return {**_facts(logits, target, heat.sums), "method": heat.method, "methods": list(fitting)}


def _text(
    model: TransferModel,
    inputs: TextInputs,
    sample: str,
    about: Mapping[str, Any],
    tell: Callable[[float], None],
) -> dict[str, Any]:
    fitting: tuple[Method, ...] = ("integrated_gradients",)
    text, method = sample[:MOST_CHARACTERS], _method(about["method"], fitting)
    logits = _logits(model, move(inputs.collate([text]), next(model.parameters()).device))
    target = _target(logits, about["target"])
    found = attribute_text(model, inputs, text, target, tell)
    return {
        **_facts(logits, target, found.sums),
        "method": method,
        "methods": list(fitting),
        "text": text,
        "tokens": [asdict(token) for token in found.tokens],
        "words": [asdict(word) for word in found.words()],
        "n_cut": found.n_cut,
    }


def _prepared(home: Path, source: Source, inputs: Reader) -> Any:
    """The sample as `collate` takes it."""
    images = isinstance(inputs, ImageInputs)
    if source.dataset and source.row is not None:
        dataset = load_dataset(home, source.dataset)
        _check(dataset, source.row, images)
        return reading(dataset, inputs, home)(np.array([source.row]))[0]
    sample = source.text or _tried(home, source)
    if isinstance(sample, str) == images:
        raise RunError(f"This model reads {'images' if images else 'texts'}; bring one.")
    return inputs.prepare(sample)


def _tried(home: Path, source: Source) -> Any:
    of = opened(home, source.of, source.token)
    if of is None:
        raise RunError("This input is gone: it was kept for a day. Bring it again.")
    modality = open_store(home).run(source.of).modality
    for place, one in enumerate(offered(of, "image" if modality == "image" else "text")):
        if place == source.place and one.sample is not None:
            return one.sample
    raise RunError(f"Nothing that can be read is at place {source.place + 1} of this input.")


def _check(dataset: Dataset, row: int, images: bool) -> None:
    if not 0 <= row < dataset.n_samples:
        raise RunError(f"Dataset {dataset.id} has no sample {row}; its samples are 0 to {dataset.n_samples - 1}.")
    if (dataset.modality == "image") != images:
        raise RunError(f"Dataset {dataset.id} holds {dataset.modality}s, which this model does not read.")


def _logits(model: TransferModel, x: Any) -> Tensor:
    """(C,)."""
    with torch.inference_mode():
        logits: Tensor = model(x)[0]
    return logits.float().cpu()


def _target(logits: Tensor, asked: int | None) -> int:
    if asked is not None and not 0 <= asked < len(logits):
        raise RunError(f"There is no class number {asked}; this model tells {len(logits)} apart, from 0.")
    return int(logits.argmax()) if asked is None else asked


def _method(asked: str, fitting: tuple[Method, ...]) -> Method:
    if not asked:
        return fitting[0]
    for method in fitting:
        if method == asked:
            return method
    titles = ", ".join(METHODS[method].title for method in fitting)
    raise RunError(f"{asked!r} does not fit this model; these do: {titles}.")


def _facts(logits: Tensor, target: int, sums: Sums | None) -> dict[str, Any]:
    return {
        "target": target,
        "answer": int(logits.argmax()),
        "probabilities": torch.softmax(logits, 0).tolist(),
        "score": float(logits[target]),
        "sums": None if sums is None else {**asdict(sums), "delta": sums.delta},
    }
