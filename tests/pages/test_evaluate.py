"""The Evaluate view: figures with intervals, the samples behind a cell, worst errors, and the temperature."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.pages.conftest import HOSTILE, Open, given, image_dataset, make_run, parameter, ran, texts, values
from tlcore.data import Dataset
from tlcore.evaluation.predictions import Predictions, keep
from tlcore.home import home as the_home
from tlcore.runs import Run, Studio, run_folder
from tlcore.runs.answers import answers_of
from tlcore.runs.temperature import kept_temperature, temperature_of
from ui.predict.evaluate_scores import table_of
from ui.predict.judged import Judged


@pytest.fixture
def data(home: Path) -> Dataset:
    """Two classes, one with a name that wants to be more."""
    return image_dataset(home, (HOSTILE[0], "dogs"), each=30)


@pytest.fixture
def run(studio: Studio, data: Dataset) -> Run:
    """A finished run that is wrong, and sure of it, at the first sample of each split."""
    made = make_run(studio, HOSTILE[0], dataset=data.id, status="finished", best_epoch=2, test_accuracy=0.5)
    for split in ("test", "val"):
        keep(run_folder(studio.home, made.id), split, answers(data, split))
    return studio.run(made.id)


def answers(data: Dataset, split: str) -> Predictions:
    rows = data.rows(split)  # type: ignore[arg-type]
    labels = data.labels()[rows].astype(np.int64)
    said = np.where(np.arange(len(rows)) == 0, 1 - labels, labels)
    logits = (8 * np.eye(2)[said]).astype(np.float32)
    return Predictions(rows=rows, logits=logits, labels=labels, epoch=2, dataset=data.id, split=split)


def test_figures_say_where_they_come_from(open_page: Open, run: Run, data: Dataset) -> None:
    at = open_page("predict", run=run.id)
    n = len(data.rows("test"))
    assert values(at)["Accuracy"] == f"{100 * (n - 1) / n:.1f} %" and "Macro-F1" in values(at)
    said = texts(at)
    assert f"Run {run.id}, weights of epoch 2, {n} samples of the test split of dataset {data.id}" in said
    assert f"1 of {n} answers are wrong" in said and "<b>" not in said


def test_a_cell_shows_its_very_samples_and_a_link_reproduces_it(open_page: Open, run: Run, data: Dataset) -> None:
    rows = data.rows("test")
    true = int(data.labels()[rows[0]])
    at = open_page("predict", run=run.id, true=str(true), answer=str(1 - true))
    (cell, errors) = [each["tiles"] for each in given(at) if "tiles" in each]
    assert [tile["row"] for tile in cell] == [tile["row"] for tile in errors] == [int(rows[0])]
    assert cell[0]["note"].startswith("answered") and cell[0]["note"].endswith("> 99.9 %")
    at.selectbox(key="cell-answer").set_value(str(true))
    ran(at)
    assert parameter(at, "answer") == str(true)
    (cell, _) = [each["tiles"] for each in given(at) if "tiles" in each]
    assert rows[0] not in [tile["row"] for tile in cell] and len(cell) == (data.labels()[rows] == true).sum() - 1


def test_a_temperature_is_fitted_on_val_kept_used_and_taken_away(open_page: Open, run: Run, data: Dataset) -> None:
    at = open_page("predict", run=run.id)
    before = float(values(at)["NLL (nats)"])
    at.button(key="fit-temperature").click()
    ran(at)
    fitted = kept_temperature(the_home(), run)
    assert fitted and fitted.temperature > 1 and fitted.n == len(data.rows("val"))
    assert fitted.ece_after < fitted.ece_before and float(values(at)["NLL (nats)"]) < before
    assert f"Temperature **{fitted.temperature:.2f}**" in texts(at)
    assert any(f"{fitted.n} val samples are few" in warning.value for warning in at.warning)
    assert "a perfectly calibrated model would show a calibration error of about" in texts(at)
    at.button(key="forget-temperature").click()
    ran(at)
    assert temperature_of(the_home(), run) == 1.0 and float(values(at)["NLL (nats)"]) == before


def test_val_comes_with_a_warning_and_unscored_splits_a_way(open_page: Open, studio: Studio, data: Dataset) -> None:
    bare = make_run(studio, dataset=data.id, status="finished", best_epoch=2)
    at = open_page("predict", run=bare.id, on="val")
    assert "these scores are too good" in at.warning[0].value
    assert at.button(key="ask-score-val").label == "Score the val split"


def test_without_its_data_a_run_says_so(open_page: Open, studio: Studio) -> None:
    gone = make_run(studio, dataset="gone", status="finished", best_epoch=2)
    assert "was deleted" in texts(open_page("predict", run=gone.id))


def test_the_table_of_answers_is_traceable(run: Run, data: Dataset) -> None:
    found = answers_of(the_home(), run)
    assert found is not None
    table = table_of(Judged(run=run, split="test", dataset=data, found=found, temperature=1.0))
    assert table["row"].tolist() == data.rows("test").tolist()
    assert (table["true"] != table["answer"]).sum() == 1 and table["confidence"].between(0.5, 1).all()
    assert table[[f"p({name})" for name in data.classes]].sum(axis=1).round(5).eq(1).all()
