"""Runs side by side: what is offered, what the figures say, and what is not ranked together."""

import numpy as np

from tests.evaluation.test_predictions import made
from tests.pages.conftest import Open, make_run, texts, train
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
    assert len(at.get("plotly_chart")) == 2


def test_runs_on_other_data_are_not_offered_and_a_link_that_mixes_them_says_why(
    open_page: Open, studio: Studio
) -> None:
    one, other = trained(studio, "one", 2), trained(studio, "other", 5, dataset="d2")
    at = open_page("compare", view="runs", runs=f"{one.id},{other.id}")
    assert "are on different data and are not ranked together" in at.warning[0].value
    (choice,) = at.multiselect
    assert len(choice.options) == 1


def test_a_run_without_kept_answers_can_be_scored_again(open_page: Open, studio: Studio) -> None:
    run = make_run(studio, status="finished", best_epoch=2, val_accuracy=0.5, test_accuracy=0.5)
    at = open_page("compare", view="runs", runs=run.id)
    assert "scored before the single answers were kept" in texts(at)
    assert at.button(key="ask-predictions").label == "Score them again"
