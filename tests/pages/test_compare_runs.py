"""Runs side by side: what is offered, what the figures say, and what is not ranked together."""

import json
from pathlib import Path

import numpy as np

from tests.evaluation.test_predictions import made
from tests.pages.conftest import Open, figures, make_run, parameter, report, text_dataset, texts, train
from tlcore.data import Dataset
from tlcore.evaluation.predictions import keep
from tlcore.runs import Run, Studio, run_folder


def trained(studio: Studio, name: str, wrong: int, dataset: str = "d1", epochs: int = 4) -> Run:
    """A finished run that gave `wrong` of 20 wrong answers on test."""
    run = make_run(studio, name, dataset=dataset, epochs=epochs)
    train(studio, run, steps=40)
    studio.store.update(run.id, status="finished", host="elsewhere", test_accuracy=1 - wrong / 20)
    labels = np.arange(20) % 2
    logits = 3 * np.eye(2, dtype=np.float32)[np.where(np.arange(20) < wrong, 1 - labels, labels)]
    keep(run_folder(studio.home, run.id), "test", made(rows=np.arange(20), labels=labels, logits=logits))
    return studio.store.run(run.id)


def test_two_runs_are_laid_side_by_side(open_page: Open, studio: Studio) -> None:
    one, two = trained(studio, "<b>one</b>", 2), trained(studio, "two", 5, epochs=9)
    at = open_page("compare", view="runs", runs=f"{one.id},{two.id}")
    said = texts(at)
    assert "3 samples only A had right, 0 only B" in said and "no difference shown" in said
    assert "<b>one</b>" not in said, "a name is text"
    (table,) = (element.value for element in at.dataframe)
    assert table.loc["epochs"].tolist() == ["4", "9"] and "batch_size" not in table.index
    assert {"runs-scores", "runs-curves", "runs-cost"} == figures(at).keys()


def test_runs_on_other_data_are_not_offered_and_a_link_that_mixes_them_says_why(
    open_page: Open, studio: Studio
) -> None:
    one, other = trained(studio, "one", 2), trained(studio, "other", 5, dataset="d2")
    at = open_page("compare", view="runs", runs=f"{one.id},{other.id}")
    assert "are on different data and are not ranked together" in at.warning[0].value
    assert len(at.multiselect(key="runs").options) == 1
    assert at.multiselect(key="runs").value == [one.id] == parameter(at, "runs").split(",")
    assert "Left out: other" in at.warning[0].value


def test_a_run_without_kept_answers_can_be_scored_again(open_page: Open, studio: Studio) -> None:
    run = make_run(studio, status="finished", best_epoch=2, val_accuracy=0.5, test_accuracy=0.5)
    at = open_page("compare", view="runs", runs=run.id)
    assert "scored before the single answers were kept" in texts(at)
    assert at.button(key="ask-predictions").label == "Score it again"


def pairs_of(home: Path, studio: Studio, dataset: Dataset) -> list[Run]:
    """Two runs: of 4 test samples, one has the first wrong, the other the next two."""
    rows = dataset.rows("test")
    labels = dataset.labels()[rows]
    made_runs = []
    for name, wrong in (("one", [0]), ("two", [1, 2])):
        run = make_run(studio, name, dataset=dataset.id)
        train(studio, run, steps=40)
        answers = labels.copy()
        answers[wrong] = 1 - answers[wrong]
        logits = 3 * np.eye(2, dtype=np.float32)[answers]
        keep(run_folder(home, run.id), "test", made(rows=rows, labels=labels, logits=logits, dataset=dataset.id))
        studio.store.update(
            run.id, status="finished", host="elsewhere", test_accuracy=0.5, report=report(dataset.classes)
        )
        made_runs.append(studio.store.run(run.id))
    return made_runs


def test_samples_on_which_two_runs_disagree_are_shown(open_page: Open, studio: Studio, home: Path) -> None:
    one, two = pairs_of(home, studio, text_dataset(home, each=20))
    at = open_page("compare", view="runs", runs=f"{one.id},{two.id}", right="b")
    (table,) = (element.value for element in at.dataframe if element.key == "disagree-texts")
    assert len(table) == 1 and table["B"][0].startswith(table["true"][0]) and "%" in table["A"][0]
    at = open_page("compare", view="runs", runs=f"{one.id},{two.id}", a=two.id, b=one.id, right="b")
    (table,) = (element.value for element in at.dataframe if element.key == "disagree-texts")
    assert len(table) == 2, "the other way round"
    kept = {"temperature": 2.0, "epoch": 4, "n": 9, "ece_before": 0.2, "ece_after": 0.1}
    (run_folder(home, one.id) / "temperature.json").write_text(json.dumps(kept))
    at = open_page("compare", view="runs", runs=f"{one.id},{two.id}", right="b")
    (table,) = (element.value for element in at.dataframe if element.key == "disagree-texts")
    assert table["A"][0].endswith(" 81.8 %") and table["B"][0].endswith(" 95.3 %"), "softmax of 1.5 and 0, of 3 and 0"
    assert any("with the temperature fitted on val (A 2.00)" in one.value for one in at.caption)


def test_three_runs_get_a_matrix_and_other_curves_a_smoothing(open_page: Open, studio: Studio) -> None:
    runs = [trained(studio, f"run {wrong}", wrong) for wrong in (0, 2, 12)]
    at = open_page("compare", view="runs", runs=",".join(run.id for run in runs), smooth="0.5", cost="took")
    drawn = figures(at)
    cells = [cell for row in drawn["runs-matrix"]["data"][0]["text"] for cell in row]
    assert sum("p = " in cell for cell in cells) == 6 and "-60.0 points" in "".join(cells)
    places = [trace["meta"]["place"] for trace in drawn["runs-curves"]["data"]]
    assert places == [0, 0, 1, 1, 2, 2], "dots and a line for each, in one colour"
    assert [trace["meta"]["place"] for trace in drawn["runs-cost"]["data"]] == [0, 1, 2]
    assert drawn["runs-cost"]["data"][0]["error_y"]["arrayminus"] == [0.0]


def test_what_was_not_measured_says_so_and_offers_it(open_page: Open, studio: Studio) -> None:
    run = trained(studio, "one", 2)
    at = open_page("compare", view="runs", runs=run.id, **{"cost-axis": "latency"})
    assert "Not measured on this server: efficientnet" in texts(at).replace("\\", "")
    assert at.button(key="ask-runs-speed")


def test_runs_are_filtered_before_they_are_chosen(open_page: Open, studio: Studio) -> None:
    one, _, three = (trained(studio, name, 2) for name in ("first", "second", "third"))
    at = open_page("compare", view="runs", runs=one.id, find="third")
    assert len(at.multiselect(key="runs").options) == 2, "the one that fits, and the one that is shown"
    at = open_page("train", run=three.id)
    at.multiselect(key=f"with-{three.id}").set_value([one.id]).run()
    assert not at.button(key="compare-with").disabled


def test_trials_that_test_was_not_read_for_are_named_and_one_run_differs_from_none(
    open_page: Open, studio: Studio, home: Path
) -> None:
    winner, other = pairs_of(home, studio, text_dataset(home, each=20))
    studio.store.update(other.id, name="Mail · trial 3", sweep="s1", trial=3, test_accuracy=None, report=None)
    (run_folder(home, other.id) / "predictions-test.npz").unlink(missing_ok=True)
    said = texts(open_page("compare", view="runs", runs=f"{winner.id},{other.id}")).replace("\\", "")
    assert "Not shown: Mail · trial 3: the test split is read for a sweep's winner only." in said
    assert "differ most come first" not in said
