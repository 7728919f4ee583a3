"""The training script beside the run that it repeats: from the same first weights, in the same order, the same losses.

Accuracies of two trainings agree within noise at best; losses that agree in every epoch show that nothing is left out.
Dropout is off in both, since its random numbers are not drawn in the same order.
"""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tests.export.conftest import alone
from tlcore.data import Dataset, export
from tlcore.data.augmentation import Augmentation
from tlcore.device import torch_device
from tlcore.export.script import MOST_LINES, script
from tlcore.export.subject import Subject
from tlcore.features.stored import DatasetFeeds
from tlcore.runs import Studio
from tlcore.strategies import Optimizer, Preparing, strategy
from tlcore.training import Recipe
from tlcore.training.criterion import order
from tlcore.training.events import EpochDone
from tlcore.training.loop import fit
from tlcore.training.schedules import Schedule
from tlcore.zoo import Head, backbone
from tlcore.zoo.model import build

HEAD = Head(hidden=(16,), dropout=(0.0, 0.0))
CASES: Mapping[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "frozen": ("text", "feature_extraction", {}, {
        "epochs": 5, "patience": 1, "balance": "weights", "optimizer": Optimizer(name="sgd"),
        "schedule": Schedule(name="one_cycle"), "clip": 0.1}),
    "adapters": ("text", "lora", {"lr": 5e-3}, {"epochs": 2, "label_smoothing": 0.1, "accumulate": 3}),
    "progressive": ("image", "progressive", {}, {
        "epochs": 3, "extensions": (1,), "schedule": Schedule(name="cosine", warmup=0.3), "balance": "weights",
        "label_smoothing": 0.1, "batch_norm": "train"}),
}  # fmt: skip
RUN = """
import contextlib, io, runpy
losses = {}
for name in sys.argv[1:]:
    said, sys.argv = io.StringIO(), ["train.py", name]
    with contextlib.redirect_stdout(said):
        runpy.run_path(f"{name}/train.py", run_name="__main__")
    losses[name] = [float(line.rpartition(" ")[2]) for line in said.getvalue().splitlines() if "val loss" in line]
print(json.dumps(losses))
"""
SAME_START = """
from safetensors.torch import load_file
model.load_state_dict(load_file(Path(__file__).parent / "first.safetensors"))
orders = iter(json.loads((Path(__file__).parent / "orders.json").read_text()))
for module in model.modules():
    module.p = 0.0 if isinstance(module, nn.Dropout) else getattr(module, "p", None)
"""


def _subject(studio: Studio, dataset: Dataset, recipe: Recipe) -> Subject:
    torch.manual_seed(recipe.seed)
    model = build(backbone(recipe.backbone), len(dataset.classes), recipe.head, home=studio.home)
    if isinstance(recipe.strategy, Preparing):
        recipe.strategy.prepare(model)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return Subject(
        run="1126-again", name="again", model=model, recipe=recipe, dataset=dataset, home=studio.home, epoch=1,
        trained=time.time(),
    )  # fmt: skip


def _train(studio: Studio, pictures: Dataset, texts: Dataset, name: str, folder: Path) -> list[float]:
    """The run's losses; its first weights and its orders lie in the folder, with the script and the data."""
    modality, way, options, given = CASES[name]
    dataset = pictures if modality == "image" else texts
    recipe = Recipe(
        dataset=dataset.id, backbone="efficientnet_lite0" if modality == "image" else "minilm", head=HEAD,
        strategy=strategy(way, modality, **options), batch_size=8, **given,
    )  # fmt: skip
    subject = _subject(studio, dataset, recipe)
    subject.model.requires_grad_(True)
    with zipfile.ZipFile(export(dataset, folder.with_suffix(".zip"))) as archive:
        archive.extractall(folder)
    save_file(
        {key: value.clone(memory_format=torch.contiguous_format) for key, value in subject.model.state_dict().items()},
        folder / "first.safetensors",
    )
    feeds = DatasetFeeds(dataset, subject.record, studio.home, device=torch_device("cpu"))
    labels = feeds.raw("train").labels
    losses = [event.val_loss for event in fit(subject.model, feeds, recipe) if isinstance(event, EpochDone)]
    rows = [order(recipe, labels, len(dataset.classes), epoch + 1).tolist() for epoch in range(len(losses))]
    (folder / "orders.json").write_text(json.dumps(_as_exported(subject, rows)))
    made = script(subject)
    (folder / "settings.json").write_text(json.dumps(made.settings))
    source = made.source.replace("torch.randperm(len(y))", "torch.tensor(next(orders))")
    before, line, after = source.partition("model.to(device")
    (folder / "train.py").write_text(before + line + after.replace("\n", f"\n{SAME_START}", 1))
    return losses


def _as_exported(subject: Subject, orders: list[list[int]]) -> list[list[int]]:
    """The same samples by their place in the exported data, which has images by class and name."""
    if subject.dataset.modality == "text":
        return orders
    manifest = subject.dataset.manifest().iloc[subject.dataset.rows("train")]
    names = [(label, Path(sample).name) for label, sample in zip(manifest["label"], manifest["sample"], strict=True)]
    place = {name: i for i, name in enumerate(sorted(names))}
    return [[place[names[i]] for i in one] for one in orders]


def test_a_script_has_the_losses_of_its_run(studio: Studio, pictures: Dataset, texts: Dataset, tmp_path: Path) -> None:
    ours = {name: _train(studio, pictures, texts, name, tmp_path / name) for name in CASES}
    theirs = alone(RUN, tmp_path, *CASES)
    for name, losses in ours.items():
        assert len(theirs[name]) == len(losses) > 1, f"{name}: {len(losses)} epochs, {len(theirs[name])} by the script"
        assert theirs[name] == pytest.approx(losses, abs=2e-3), name


@pytest.mark.parametrize("way", ["feature_extraction", "fine_tune", "gradual_unfreezing", "progressive", "lora"])
@pytest.mark.parametrize("modality", ["image", "text"])
def test_a_script_with_every_option_is_short_and_whole(
    studio: Studio, pictures: Dataset, texts: Dataset, modality: str, way: str
) -> None:
    dataset, frozen = (pictures if modality == "image" else texts), way == "feature_extraction"
    varied = Augmentation(
        policy="own", blur=1.5, rotation=5.0, hue=0.1, erasing=0.1, views=2 if frozen else 0, mixup=0 if frozen else 0.2
    )
    recipe = Recipe(
        dataset=dataset.id, backbone="efficientnet_lite0" if modality == "image" else "minilm", epochs=25,
        strategy=strategy(way, modality), balance="weights", label_smoothing=0.1, accumulate=2, patience=3,
        augmentation=varied if modality == "image" else Augmentation(), extensions=(2,),
    )  # fmt: skip
    made = script(_subject(studio, dataset, recipe))
    compile(made.source, "train.py", "exec")
    assert made.lines <= MOST_LINES < 150
    assert "Weighted losses are divided by the samples of a part" in " ".join(made.source.split())
    if made.settings:
        assert "settings.json" in made.source and [one["name"] for one in made.settings["PHASES"]][-1] == "extension"
