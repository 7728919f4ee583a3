"""The Evaluate page: an empty store, and a run that is not there."""

from tests.pages.conftest import Open, make_run, texts
from tlcore.runs import Studio


def test_without_a_model_the_page_says_what_to_do(open_page: Open) -> None:
    at = open_page("predict")
    assert "There is no trained model to look at yet." in texts(at)


def test_a_run_that_is_not_here_is_said(open_page: Open, studio: Studio) -> None:
    make_run(studio, status="finished", best_epoch=2, val_accuracy=0.5)
    at = open_page("predict", run="nothere")
    assert "There is no run nothere here" in at.warning[0].value
