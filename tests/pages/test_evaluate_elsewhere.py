"""Evaluate on another dataset: what is offered, what is left out and said, and figures beside the run's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.pages.conftest import HOSTILE, Open, make_run, parameter, ran, text_dataset, texts, values
from tlcore.commands.evaluate import evaluate
from tlcore.data import Columns, Dataset, ingest
from tlcore.evaluation.matching import match
from tlcore.evaluation.predictions import Predictions, keep
from tlcore.home import home as the_home
from tlcore.runs import Run, Studio, jobs, run_folder
from tlcore.runs.answers import answers_of
from tlcore.runs.elsewhere import answers_elsewhere, name_of, question
from ui.predict.evaluate_pairs import classes_drawn, most_confused
from ui.predict.evaluate_scores import table_of
from ui.predict.judged import Elsewhere, Judged

CLASSES = (HOSTILE[0], "dogs", "fish")


@pytest.fixture
def own(home: Path) -> Dataset:
    """Three classes, 30 texts of each."""
    return text_dataset(home, CLASSES, each=30)


@pytest.fixture
def other(home: Path, own: Dataset) -> Dataset:
    """Two of these classes and a new one, 20 texts each; the first four dogs are in the run's train split too."""
    table = own.manifest()
    learned = table[(table["split"] == "train") & (table["label"] == own.classes.index("dogs"))]["sample"][:4]
    rows = [(text, "dogs") for text in learned]
    rows += [(f"another {i} on {name}", name) for name in (HOSTILE[0], "dogs", "birds") for i in range(20)]
    pd.DataFrame(rows, columns=["text", "label"]).to_csv(home / "post.csv", index=False)
    return ingest(home / "post.csv", home, name="[post](x)", columns=Columns(text="text", label="label"))


@pytest.fixture
def run(studio: Studio, own: Dataset, other: Dataset) -> Run:
    """Right on its own test split; elsewhere it calls all fish but what it learned."""
    made = make_run(studio, dataset=own.id, status="finished", best_epoch=2, test_accuracy=1.0)
    studio.store.update(made.id, modality="text")
    rows = own.rows("test")
    _keep(studio, made, "test", own, "test", rows, own.labels()[rows], own.labels()[rows])
    found = match(own, other, "all")
    said = np.where(found.learned, found.labels, own.classes.index("fish"))
    _keep(studio, made, name_of(other.id, "all"), other, "all", found.rows, found.labels, said)
    return studio.run(made.id)


def _keep(studio: Studio, run: Run, name: str, data: Dataset, part: str, rows, labels, said) -> None:  # type: ignore[no-untyped-def]
    logits = (8 * np.eye(3)[said]).astype(np.float32)
    notes = {"epoch": 2, "dataset": data.id, "split": part}
    keep(run_folder(studio.home, run.id), name, Predictions(rows=rows, logits=logits, labels=labels, **notes))


def test_what_is_left_out_is_said_and_the_drop_stands_beside(open_page: Open, run: Run, other: Dataset) -> None:
    at = open_page("predict", run=run.id, on=other.id)
    assert values(at)["Accuracy"] == "0.0 %"
    said = texts(at)
    warned = at.warning[0].value.replace("\\", "")
    assert "4 of the 44 samples were also in the run's own data, 4 in train, and are left out" in warned
    assert "their 20 samples are left out: birds" in said and "the model knows: fish" in said
    assert f"40 samples of another dataset, \\[post\\]\\(x\\) ({other.id}), all its samples, 24 left out" in said
    drop = at.table[0].value.loc["Accuracy"]
    assert drop["Change in points"].startswith("**-100.0**") and drop["Own test split"].startswith("**100.0 %**")
    own = answers_of(the_home(), run)
    assert own is not None and f"its {(own.labels < 2).sum()} samples of the 2 of its 3 classes" in said
    assert "lies on one side of zero is more than chance" in said and "saved anew" in said
    at.toggle(key="learned").set_value(True)
    ran(at)
    assert values(at)["Accuracy"] == f"{100 * 4 / 44:.1f} %" and parameter(at, "learned") == "True"
    assert "too good" in at.warning[0].value


def test_samples_of_the_own_test_split_forbid_to_speak_of_chance(
    open_page: Open, home: Path, run: Run, own: Dataset, studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    tested = own.manifest()[own.manifest()["split"] == "test"]
    rows = [(text, own.classes[label]) for text, label in zip(tested["sample"], tested["label"], strict=True)]
    rows += [(f"fresh {i} on {name}", name) for name in CLASSES for i in range(10)]
    pd.DataFrame(rows, columns=["text", "label"]).to_csv(home / "overlap.csv", index=False)
    there = ingest(home / "overlap.csv", home, name="overlap", columns=Columns(text="text", label="label"))
    found = match(own, there, "all")
    _keep(studio, run, name_of(there.id, "all"), there, "all", found.rows, found.labels, found.labels)
    at = open_page("predict", run=run.id, on=there.id)
    n = f"{len(tested)} of the {len(rows)} samples here are in"
    assert f"more than chance is not said: {n} the own test split too" in texts(at)
    assert at.table[0].value.loc["Accuracy", "Change in points"] == "**+0.0**"
    evaluate(run.id, there.id)
    said = " ".join(capsys.readouterr().out.split())
    assert f"split, all classes, {len(tested)} samples; {n} it too" in said and "+0.000 (" not in said


def test_rows_of_a_cell_are_the_other_datasets(open_page: Open, run: Run, own: Dataset, other: Dataset) -> None:
    true, fish = own.classes.index("dogs"), own.classes.index("fish")
    at = open_page("predict", run=run.id, on=other.id, true=str(true), answer=str(fish))
    assert at.selectbox(key="cell-true").options == ["Any class", *sorted((HOSTILE[0], "dogs"))]
    assert at.selectbox(key="cell-answer").options == ["Any class", *own.classes]
    assert "20 of 40 samples are dogs and were answered fish." in texts(at)
    cell = next(table.value for table in at.dataframe if "confidence" in table.value)
    assert set(cell["true"]) == {"dogs"} and all(text.startswith("another") for text in cell["text"])


def test_the_csv_is_traceable_to_the_other_dataset(run: Run, own: Dataset, other: Dataset) -> None:
    matched = match(own, other, "all")
    found = answers_elsewhere(the_home(), run, other.id, matched)
    assert found is not None
    place = Elsewhere(own=own, matched=matched, learned=False)
    judged = matched.judged(found, learned=False)
    given = Judged(run=run, split="all", dataset=other, found=judged, temperature=1.0, elsewhere=place)
    table, manifest = table_of(given), other.manifest()
    assert table["text"].tolist() == manifest["sample"].iloc[table["row"]].tolist() and len(table) == 40
    assert [other.classes.index(name) for name in table["true"]] == manifest["label"].iloc[table["row"]].tolist()
    assert set(table["answer"]) == {"fish"}


def test_only_what_the_run_reads_is_offered_and_unscored_data_has_a_way(
    open_page: Open, run: Run, other: Dataset, studio: Studio
) -> None:
    at = open_page("predict", run=run.id, on=other.id, part="test")
    offered = at.selectbox(key="pick-on").options
    assert len(offered) == 3 and "2 of 3 classes shared" in offered[2]
    about = question(run, other.id, "test")
    at.button(key=f"ask-score-{other.id}-test").click()
    ran(at)
    assert jobs.look(studio.home, "elsewhere", about).status == "waiting"
    folder = jobs.place(studio.home, "elsewhere", about)
    (folder / "answer.json").write_text('{"n": 1, "epoch": 2}')  # answered, but the answers are gone
    ran(at)
    assert "not kept any more" in texts(at)
    at.button(key=f"again-{other.id}-test").click()
    ran(at)
    assert jobs.look(studio.home, "elsewhere", about).status == "waiting"


def test_data_without_a_class_in_common_is_refused_in_words(
    open_page: Open, home: Path, run: Run, own: Dataset, other: Dataset
) -> None:
    strange = text_dataset(home, ("x", "y"))
    at = open_page("predict", run=run.id, on=strange.id)
    assert "have no class in common" in at.error[0].value and "<b>" not in at.error[0].value
    at = open_page("predict", run=run.id, on="0123456789ab")
    assert "There is no dataset 0123456789ab of texts here" in at.warning[0].value


def test_the_classes_drawn_are_of_the_pairs_that_are_confused_most() -> None:
    matrix = np.diag(np.full(50, 9))
    matrix[7, 31], matrix[40, 2], matrix[3, 4] = 5, 4, 1
    assert most_confused(matrix) == [(7, 31), (40, 2), (3, 4)] and most_confused(matrix, 1) == [(7, 31)]
    assert classes_drawn(matrix, 4) == [2, 7, 31, 40] and len(classes_drawn(matrix, 20)) == 20
    assert classes_drawn(matrix, 50) == list(range(50))
