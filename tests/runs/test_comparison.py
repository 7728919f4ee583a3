"""Runs side by side: what differs, and what may not be compared."""

import json
import sys

import numpy as np
import pytest

from tests.evaluation.test_predictions import made
from tests.pages.conftest import make_run
from tlcore.__main__ import main
from tlcore.errors import RunError
from tlcore.evaluation.predictions import keep
from tlcore.runs import Studio, run_folder
from tlcore.runs.comparison import compare, differences
from tlcore.runs.disagreement import telling


def test_the_command_lays_runs_side_by_side(home, capsys, monkeypatch):
    studio, labels = Studio(home), np.arange(20) % 2
    ids = []
    for wrong in (2, 5):
        run = make_run(studio, epochs=wrong, best_epoch=4, status="finished")
        answers = np.where(np.arange(20) < wrong, 1 - labels, labels)
        logits = np.eye(2, dtype=np.float32)[answers] * 3
        keep(run_folder(home, run.id), "test", made(rows=np.arange(20), labels=labels, logits=logits))
        ids.append(run.id)
    monkeypatch.setattr(sys, "argv", ["tlcore", "compare", *ids, "--json"])
    with pytest.raises(SystemExit) as end:
        main()
    result = json.loads(capsys.readouterr().out)
    assert end.value.code in (0, None)
    assert result["recipes"]["epochs"] == [2, 5]
    assert [score["accuracy"] for score in result["scores"]] == [0.9, 0.75]
    (pair,) = result["pairs"]
    assert (pair["test"]["only_a"], pair["test"]["only_b"], pair["test"]["p"]) == (3, 0, 0.25)
    assert not pair["difference_shown"]


def test_runs_on_different_data_are_refused(home):
    studio = Studio(home)
    runs = [make_run(studio, dataset=one) for one in ("d1", "d2")]
    with pytest.raises(RunError, match=r"on different data and are not ranked together: .*\(d1\).*\(d2\)"):
        compare(home, runs)


def test_only_values_that_differ_are_told():
    recipes = [{"dataset": "x", "head": {"hidden": 0, "p": 1}}, {"dataset": "y", "head": {"hidden": 8, "p": 1}}]
    assert differences(recipes) == {"head.hidden": (0, 8)}


def test_confidences_and_their_order_follow_the_temperature(home):
    studio, labels = Studio(home), np.array([0, 0, 0])
    logits = [np.array([[0, 4], [0, 3], [2, 0]]), np.array([[4, 0], [3, 0], [0, 3.5]])]
    runs = [make_run(studio, best_epoch=4, status="finished") for _ in logits]
    for run, scores in zip(runs, logits, strict=True):
        given = made(rows=np.arange(3), labels=labels, logits=scores.astype(np.float32))
        keep(run_folder(home, run.id), "test", given)
    raw = compare(home, runs)
    assert raw.temperatures == (1.0, 1.0) and telling(raw).tolist() == [0, 2, 1]
    kept = {"temperature": 2.0, "epoch": 4, "n": 3, "ece_before": 0.3, "ece_after": 0.1}
    (run_folder(home, runs[0].id) / "temperature.json").write_text(json.dumps(kept))
    cooled = compare(home, runs)
    assert cooled.temperatures == (2.0, 1.0) and cooled.answers.tolist() == raw.answers.tolist()
    assert cooled.confidence[0] == pytest.approx(1 / (1 + np.exp([-2, -1.5, -1])))
    assert cooled.confidence[1] == pytest.approx(raw.confidence[1])
    assert telling(cooled).tolist() == [2, 0, 1]
