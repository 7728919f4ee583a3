"""Exports as the page asks for them: foretold, told, and ended well where the run or the disk goes away."""

from __future__ import annotations

import json
import resource
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.export.conftest import alone
from tlcore.errors import RunError
from tlcore.evaluation.predictions import Predictions, keep
from tlcore.export.making import REVISION
from tlcore.export.sections import sections
from tlcore.export.subject import Subject
from tlcore.runs import Run, Studio
from tlcore.runs.deletion import delete
from tlcore.runs.forecast import LOADING, forecast, learned
from tlcore.runs.liveness import run_folder
from tlcore.runs.takeaway import file_of, kept, place, prepared, taken

Again = Callable[[str], Run]


@pytest.fixture
def again(studio: Studio, trained: Callable[[str], Subject]) -> Again:
    """A run of its own with the weights of the trained one."""

    def make(name: str) -> Run:
        first = studio.run(trained("image").run)
        run = studio.store.create(
            id=name, name=name, user="", dataset=first.dataset, dataset_name="", modality=first.modality,
            backbone=first.backbone, strategy=first.strategy, recipe=first.recipe, epochs=1, activity="",
        )  # fmt: skip
        run_folder(studio.home, name).mkdir(parents=True)
        weights = "best.safetensors"
        shutil.copy(run_folder(studio.home, first.id) / weights, run_folder(studio.home, name) / weights)
        studio.store.update(name, status="finished", host="elsewhere", best_epoch=first.best_epoch, started=1.0)
        return studio.run(run.id)

    return make


def asked(run: Run, *names: str, temperature: float = 1.0) -> dict[str, object]:
    return {"run": run.id, "epoch": run.best_epoch, "temperature": temperature, "formats": list(names),
            "revision": REVISION}  # fmt: skip


def test_two_choices_have_an_archive_each_and_the_next_is_foretold(studio: Studio, again: Again) -> None:
    run, told = again("1126-two"), list[float]()
    before = forecast(studio.home, run, ("safetensors", "card"), {})
    assert not before.measured and before.n_bytes > 10_000_000 and before.seconds > 0
    one = prepared(studio.home, asked(run, "safetensors", "card"), lambda share, words: told.append(share))
    two = prepared(studio.home, asked(run, "card", "script"), lambda share, words: None)
    assert told == sorted(told) and told[-1] <= 1
    for done, held in ((one, "model.safetensors"), (two, "train.py")):
        path = file_of(studio.home, run, done["file"])
        assert path is not None and path.stat().st_size == done["bytes"]
        packed = zipfile.ZipFile(path).infolist()
        assert f"{run.id}/{held}" in [entry.filename for entry in packed]
        assert {entry.external_attr >> 16 for entry in packed} == {0o100644}
    made = kept(studio.home, run)
    assert learned(studio.home, run.backbone)["safetensors"][1] == made["safetensors"].n_bytes
    assert LOADING in learned(studio.home, run.backbone)
    again_now = forecast(studio.home, run, ("safetensors",), {})
    assert again_now.measured and again_now.n_bytes == made["safetensors"].n_bytes
    assert forecast(studio.home, run, ("safetensors",), made).seconds < again_now.seconds


def test_a_run_that_is_deleted_meanwhile_leaves_nothing(studio: Studio, again: Again) -> None:
    run = again("1126-gone")

    def tell(share: float, words: str) -> None:
        if "writing the weights" in words and studio.store.has(run.id):
            delete(studio.store, studio.home, run.id)

    with pytest.raises(RunError, match="Run 1126-gone was deleted while it was being exported"):
        prepared(studio.home, asked(run, "native", "card"), tell)
    assert not run_folder(studio.home, run.id).exists()


def test_a_full_disk_is_a_sentence_and_leaves_no_draft(studio: Studio, again: Again) -> None:
    run, (soft, hard) = again("1126-full"), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))
    try:
        with pytest.raises(RunError, match="is full, so nothing was kept of what was begun; make room"):
            prepared(studio.home, asked(run, "safetensors"), lambda share, words: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(place(studio.home, run).iterdir()) == [] and kept(studio.home, run) == {}
    done = prepared(studio.home, asked(run, "safetensors"), lambda share, words: None)
    assert file_of(studio.home, run, done["file"]) is not None


PREDICTED = """
from model import load
model = load()
samples = [model.read(open("a.png", "rb").read())]
print(json.dumps([model.temperature, model.logits(samples)[0].tolist(), model.predict(samples, 3)[0]]))
"""


def test_another_temperature_is_another_export_that_divides_by_it(studio: Studio, again: Again) -> None:
    run = again("1126-cool")
    done = prepared(studio.home, asked(run, "native", "card"), lambda share, words: None)
    assert file_of(studio.home, run, done["file"]) and set(kept(studio.home, run)) == {"native", "card"}
    fitted = {"temperature": 2.5, "epoch": run.best_epoch, "n": 9, "ece_before": 0.2, "ece_after": 0.1}
    (run_folder(studio.home, run.id) / "temperature.json").write_text(json.dumps(fitted))
    assert kept(studio.home, run) == {} and file_of(studio.home, run, done["file"]) is None, "out of date"
    with pytest.raises(RunError, match="has another temperature by now"):
        prepared(studio.home, asked(run, "native"), lambda share, words: None)
    sure = np.array([[4, 0, 0], [4, 0, 0], [0, 4, 0], [0, 0, 4]], np.float32)
    answers = Predictions(
        rows=np.arange(4), logits=sure, labels=np.array([0, 1, 1, 2]), epoch=run.best_epoch or 0, dataset=run.dataset,
        split="test",
    )  # fmt: skip
    keep(run_folder(studio.home, run.id), "test", answers)
    prepared(studio.home, asked(run, "native", "card", temperature=2.5), lambda share, words: None)
    root = place(studio.home, run)
    said = (root / "card" / "README.md").read_text()
    errors = [abs(np.exp(4 / t) / (np.exp(4 / t) + 2) - 0.75) for t in (2.5, 1.0)]
    assert "temperature 2.5 before the softmax: it was fitted on 9 val samples. On the test split, n = 4: " in said
    assert f"is {100 * errors[0]:.1f} % with it and {100 * errors[1]:.1f} % without" in said
    Image.new("RGB", (40, 40), "red").save(root / "native" / "a.png")
    temperature, logits, top = alone(PREDICTED, root / "native")
    powers = np.exp(np.array(logits) / 2.5)
    assert temperature == 2.5
    assert [one["probability"] for one in top] == pytest.approx(sorted(powers / powers.sum(), reverse=True), rel=1e-5)
    (run_folder(studio.home, run.id) / "temperature.json").unlink()
    assert set(kept(studio.home, run)) == {"native", "card"}, "the first are there still"


def test_what_is_written_says_what_is_there_and_how_it_is_used(studio: Studio, again: Again, tmp_path: Path) -> None:
    run = again("1126-guide")
    taken(studio.home, run.id, ("native", "script"), tmp_path / "out")
    said = (tmp_path / "out" / "README.md").read_text()
    assert run.id in said and "`python predict.py photo.jpg`" in said and "`python train.py DATA`" in said
    assert "logits differ by" in said and "no temperature was fitted" in said
    assert all(name in said for name in ("`model.safetensors`", "`model.json`", "`train.py`"))
    (tmp_path / "README.md").write_text("mine")
    taken(studio.home, run.id, ("script",), tmp_path)
    assert (tmp_path / "README.md").read_text() == "mine" and "train.py" in (tmp_path / "TAKE-HOME.md").read_text()
    taken(studio.home, run.id, ("script", "card"), tmp_path / "out")
    again_said = (tmp_path / "out" / "README.md").read_text()
    assert again_said.startswith("---\n") and "## Limits" in again_said and "## What is here" in again_said
    assert "### Weights with their loader" in again_said and again_said.count("### Training script") == 1
    taken(studio.home, run.id, ("safetensors",), tmp_path / "out")
    third = (tmp_path / "out" / "README.md").read_text()
    assert third.startswith("---\n") and "## Limits" in third, "the card of the same model stays"
    assert [one.title for one in sections(third)] == ["Weights alone", "Training script", "Weights with their loader"]
    (tmp_path / "out" / "predict.py").unlink()
    other = again("1126-other")
    taken(studio.home, other.id, ("safetensors",), tmp_path / "out")
    last = (tmp_path / "out" / "README.md").read_text()
    assert [one.title for one in sections(last)] == ["Weights alone", "Training script"], "one lacks a file"
    assert f"Of run `{run.id}`" in last and "## Limits" not in last and last.startswith("# 1126")
    done = prepared(studio.home, asked(run, "native"), lambda share, words: None)
    path = file_of(studio.home, run, done["file"])
    assert path and "python predict.py" in zipfile.ZipFile(path).read(f"{run.id}/README.md").decode()
