"""Four tiny trainings, made once: a head and all weights on images, a head and adapters on texts."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tlcore.data import Columns, Dataset, add_sample, ingest
from tlcore.device import torch_device
from tlcore.export.subject import Subject
from tlcore.features.stored import DatasetFeeds
from tlcore.runs import Studio
from tlcore.runs.liveness import run_folder
from tlcore.strategies import Lora, strategy
from tlcore.training import Recipe
from tlcore.training.checkpoint import save_weights
from tlcore.training.events import Finished
from tlcore.training.loop import fit
from tlcore.zoo import Head, backbone
from tlcore.zoo.model import build

KINDS = ("image", "tuned", "text", "lora")


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """The runs of a home of its own."""
    return Studio(tmp_path_factory.mktemp("exports"))


@pytest.fixture(scope="session")
def pictures(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Fourteen pictures of each of three digits, from the sample."""
    whole, folder = add_sample("digits", studio.home), tmp_path_factory.mktemp("pictures")
    labels = whole.labels()
    for label, name in enumerate(("zero", "one, :red[1]", "two")):
        (folder / name).mkdir()
        for row in np.flatnonzero(labels == label)[:14]:
            sample: Any = whole.sample(int(row))
            sample.resize((300, 280)).save(folder / name / f"{row}.png")
    return ingest(folder, studio.home, name="three digits")


@pytest.fixture(scope="session")
def texts(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Sixteen messages of each class, from the sample."""
    whole = add_sample("messages", studio.home)
    rows = [row for label in range(len(whole.classes)) for row in np.flatnonzero(whole.labels() == label)[:16]]
    path = tmp_path_factory.mktemp("texts") / "some.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("text", "label"))
        table.writerows((whole.sample(int(row)), whole.classes[whole.labels()[row]]) for row in rows)
    return ingest(path, studio.home, name="some messages", columns=Columns(text="text", label="label"))


@pytest.fixture(scope="session")
def trained(studio: Studio, pictures: Dataset, texts: Dataset) -> Callable[[str], Subject]:
    """The subject of one of `KINDS`, trained when it is first asked for, with its run in the store."""
    made: dict[str, Subject] = {}

    def ask(kind: str) -> Subject:
        if kind not in made:
            made[kind] = _train(studio, pictures if kind in ("image", "tuned") else texts, kind)
        return made[kind]

    return ask


def _recipe(dataset: Dataset, kind: str) -> Recipe:
    name = "efficientnet_lite0" if dataset.modality == "image" else "minilm"
    way = {"tuned": "fine_tune", "lora": "lora"}.get(kind, "feature_extraction")
    rates = {"lr": 5e-3} if kind == "lora" else {}
    chosen = strategy(way, dataset.modality, **rates)
    head = Head(hidden=(), dropout=(0.1,)) if kind == "tuned" else Head(hidden=(32,), dropout=(0.1, 0.1))
    return Recipe(dataset=dataset.id, backbone=name, strategy=chosen, head=head, epochs=2 if kind == "lora" else 1)


def _train(studio: Studio, dataset: Dataset, kind: str) -> Subject:
    recipe, record = _recipe(dataset, kind), backbone("efficientnet_lite0" if dataset.modality == "image" else "minilm")
    torch.manual_seed(recipe.seed)
    model = build(record, len(dataset.classes), recipe.head, home=studio.home)
    feeds = DatasetFeeds(dataset, record, studio.home, device=torch_device("cpu"))
    end = [event for event in fit(model, feeds, recipe) if isinstance(event, Finished)][-1]
    run = studio.store.create(
        id=f"1126-{kind}", name=f"The <b>{kind}</b> run", user="", dataset=dataset.id, dataset_name=dataset.name,
        modality=dataset.modality, backbone=record.name, strategy=recipe.strategy.name, recipe=recipe.to_dict(),
        epochs=recipe.epochs, activity="",
    )  # fmt: skip
    folder = run_folder(studio.home, run.id)
    folder.mkdir(parents=True)
    save_weights(model, folder / "best.safetensors", recipe, dataset.classes, end.best_epoch)
    studio.store.update(
        run.id, status="finished", host="elsewhere", best_epoch=end.best_epoch, val_accuracy=end.val_accuracy,
        started=time.time() - 9, finished=time.time(),
    )  # fmt: skip
    assert isinstance(recipe.strategy, Lora) == (kind == "lora")
    return Subject(
        run=run.id, name=run.name, model=model, recipe=recipe, dataset=dataset, home=studio.home,
        epoch=end.best_epoch, trained=time.time(), val_accuracy=end.val_accuracy,
    )  # fmt: skip


def alone(code: str, folder: Path, *words: str) -> Any:
    """Run Python in a folder without the studio; returns what it prints last, read as JSON."""
    guard = (
        "import json, sys\n"
        "try:\n    import tlcore\nexcept ImportError:\n    pass\nelse:\n    sys.exit('tlcore can be imported here')\n"
        "sys.path.insert(0, '.')\n"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TLSTUDIO"))}
    done = subprocess.run(
        [sys.executable, "-I", "-c", guard + code, *words],
        cwd=folder, env=clean, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=250, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def logits(subject: Subject, rows: Any) -> torch.Tensor:
    """As the training side scores these rows: the model with its adapters attached."""
    with torch.inference_mode():
        return subject.model(subject.inputs.collate(subject.read(rows)))
