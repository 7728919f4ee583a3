"""Headline figures against scikit-learn, and which mistakes are worst."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score

from tests.evaluation.test_predictions import made
from tlcore.errors import TlcoreError
from tlcore.evaluation.calibration import probabilities
from tlcore.evaluation.metrics import class_scores, confusion, headlines, worst

DRAW = np.random.default_rng(0)
LABELS = DRAW.choice(3, 200, p=[0.7, 0.2, 0.1])
LOGITS = (DRAW.normal(size=(200, 4)) + 2 * np.eye(4)[LABELS]).astype(np.float32)
FOUND = made(rows=np.arange(200), labels=LABELS, logits=LOGITS)


def test_figures_are_scikit_learns_and_lie_in_their_intervals():
    accuracy, balanced, macro = headlines(FOUND)
    assert accuracy.value == pytest.approx((FOUND.answers == LABELS).mean())
    with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):
        assert balanced.value == pytest.approx(balanced_accuracy_score(LABELS, FOUND.answers))
    every = {"labels": range(4), "average": "macro", "zero_division": 0}
    assert macro.value == pytest.approx(f1_score(LABELS, FOUND.answers, **every))
    for figure in (accuracy, balanced, macro):
        assert figure.interval.low < figure.value < figure.interval.high
    assert headlines(FOUND) == headlines(FOUND), "the seed makes them the same each time"


def test_the_matrix_and_each_class():
    assert (confusion(FOUND) == confusion_matrix(LABELS, FOUND.answers, labels=range(4))).all()
    scores = class_scores(FOUND)
    assert [score.support for score in scores] == np.bincount(LABELS, minlength=4).tolist()
    assert (scores[3].recall, scores[3].f1, scores[3].support) == (0, 0, 0) and scores[3].answered > 0


@pytest.mark.parametrize("temperature", [1.0, 0.3, 4.0])
def test_the_worst_are_wrong_and_sure(temperature):
    places = worst(FOUND, temperature)
    assert not FOUND.right[places].any() and len(places) == (~FOUND.right).sum()
    assert (np.diff(probabilities(LOGITS, temperature).max(1)[places]) <= 0).all()


def test_another_temperature_is_another_order():
    assert worst(FOUND, 0.3).tolist() != worst(FOUND, 4.0).tolist()


def test_a_temperature_may_change_which_is_worst():
    """Against many close rivals a lead shrinks faster than against one."""
    logits = np.array([[6, 3, 3, 3, 3, 3], [3, 1, -9, -9, -9, -9]], np.float32)
    found = made(rows=np.arange(2), labels=np.array([1, 1]), logits=logits)
    assert worst(found, 1.0).tolist() == [1, 0] and worst(found, 0.2).tolist() == [0, 1]


def test_no_sample_is_said_so():
    none = made(rows=np.arange(0), labels=np.arange(0), logits=np.empty((0, 2), np.float32))
    with pytest.raises(TlcoreError, match="no sample to score"):
        headlines(none)
