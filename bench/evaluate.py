"""(l): Evaluate with many classes and samples, on the server and as what the browser is sent.

A text dataset of its own with 1,000 classes, of which the test split has 10 samples each; the answers are drawn, right
in three of four cases, and kept through the function that keeps a worker's. Server time is that of a rerun of the
script as Streamlit's own test harness runs it, the first one apart; what is sent is the size of its messages.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench import material
from bench.timing import Row, median_seconds, stopwatch
from tlcore.data import Columns, Dataset, ingest
from tlcore.evaluation.metrics import headlines
from tlcore.evaluation.predictions import Predictions, keep
from tlcore.runs import Studio, run_folder
from tlcore.training import Recipe
from tlcore.zoo import Head

__all__ = ["fill", "measure"]

N_CLASSES, TRAIN, EACH, TIMES = 1_000, 4, 10, 5
TARGET = "< 1 s"


def measure(folder: Path) -> Iterator[Row]:
    """The bootstrap alone, then the page."""
    home = folder / "home"
    home.mkdir()
    run, found = fill(home, N_CLASSES)
    what = f"{N_CLASSES:,} classes, {len(found.labels):,} samples"
    seconds = median_seconds(lambda: headlines(found), TIMES)
    yield Row(claim="l", subject=f"headline figures with bootstrap, {what}", seconds=seconds)
    yield from _page(home, run, what)


def fill(home: Path, n_classes: int) -> tuple[str, Predictions]:
    """A finished run of a dataset of that many classes, with answers on test; returns its id and them."""
    studio, dataset = Studio(home), _dataset(home, n_classes)
    recipe = Recipe(dataset=dataset.id, backbone="minilm", epochs=3, head=Head())
    run = material.queued(studio, dataset, recipe, run_id=f"wide-{n_classes}", name=f"{n_classes:,} classes")
    answered = {split: _answers(dataset, split) for split in ("val", "test")}
    for split, found in answered.items():
        keep(run_folder(home, run.id), split, found)
    test = answered["test"]
    accuracy = float(test.right.mean())
    ended = {"started": time.time() - 60, "finished": time.time(), "host": "elsewhere"}
    studio.store.update(run.id, status="finished", best_epoch=3, epoch=3, test_accuracy=accuracy, **ended)
    return run.id, test


def _dataset(home: Path, n_classes: int) -> Dataset:
    import pandas as pd

    splits = ["train"] * TRAIN + ["val"] * 2 + ["test"] * EACH
    rows = [
        {"text": f"sentence {i} on subject {name}", "label": f"subject {name:04d}, at some length", "split": split}
        for name in range(n_classes)
        for i, split in enumerate(splits)
    ]
    pd.DataFrame(rows).to_csv(home / "subjects.csv", index=False)
    return ingest(home / "subjects.csv", home, columns=Columns(text="text", label="label", split="split"))


def _answers(dataset: Dataset, split: str) -> Predictions:
    """Drawn logits: three of four samples are right, the rest is one of the next 20 classes."""
    rows, n = dataset.rows(split), len(dataset.classes)  # type: ignore[arg-type]
    labels, draw = dataset.labels()[rows], np.random.default_rng(len(dataset.classes))
    wrong = draw.random(len(rows)) < 0.25
    said = np.where(wrong, (labels + draw.integers(1, 21, len(rows))) % n, labels)
    logits = draw.normal(size=(len(rows), n)).astype(np.float32)
    logits[np.arange(len(rows)), said] += draw.uniform(4, 9, len(rows)).astype(np.float32)
    return Predictions(rows=rows, logits=logits, labels=labels, epoch=3, dataset=dataset.id, split=split)


def _page(home: Path, run: str, what: str) -> Iterator[Row]:
    from streamlit.testing.v1 import AppTest

    os.environ["TLSTUDIO_HOME"] = str(home)
    at = AppTest.from_file(str(Path(__file__).parents[1] / "app.py"), default_timeout=120).run()
    at.switch_page("pages/predict.py")
    at.query_params["run"] = run
    with stopwatch() as watch:
        at.run()
    if at.exception:
        raise RuntimeError(at.exception[0].value)
    yield Row(claim="l", subject=f"Evaluate for the first time, {what}", seconds=watch.seconds)
    seconds = median_seconds(at.run, TIMES)
    yield Row(claim="l", subject=f"Evaluate, a rerun on the server, {what}", seconds=seconds, target=TARGET)
    n_bytes = sum(element.proto.ByteSize() for element in at.main)
    yield Row(claim="l", subject=f"Evaluate, {n_bytes / 2**20:.1f} MiB sent to the browser, {what}")
