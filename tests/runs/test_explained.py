"""The job that explains: what it leaves for a dataset's row and a typed text, and what it says of wrong questions."""

import json
import re

import pytest
from typer.testing import CliRunner

from tests.runs.test_worker import queued as queued
from tlcore.__main__ import app
from tlcore.errors import RunError
from tlcore.runs import worker
from tlcore.runs.explained import explained
from tlcore.runs.explaining import Source, question


def test_a_row_and_a_text_are_taken_apart_with_one_model(queued):
    studio, run = queued
    assert worker.work(studio.home, run.id, run.claim) == 0
    run = studio.store.run(run.id)
    told, sources = [], [Source(dataset=run.dataset, row=0), Source(text="My parcel never came.")]
    about = question(run, sources)
    found = explained(studio.home, about, lambda share, words: told.append(share))
    first, second = found["items"]
    assert first["text"]
    assert [token["text"] for token in second["tokens"]][1:-1] == ["My", "parcel", "never", "came", "."]
    assert first["target"] == first["answer"]
    assert first["logits"][first["target"]] == max(first["logits"]) == pytest.approx(first["sums"]["score"], abs=1e-4)
    sums = second["sums"]
    assert sum(token["score"] for token in second["tokens"]) == pytest.approx(sums["total"], abs=1e-4)
    assert told == sorted(told) and told[-1] == 1.0
    said = CliRunner().invoke(
        app, ["explain", run.id, "My parcel never came.", "--json"], env={"TLSTUDIO_HOME": str(studio.home)}
    )
    facts = json.loads(said.stdout)
    assert facts["logits"] == pytest.approx(second["logits"], abs=1e-4) and len(facts["words"]) == 7
    _sums_in_the_shell(studio, run, sums)
    for changes, words in (
        ({"target": 99}, "There is no class number 99"),
        ({"method": "grad_cam"}, "'grad_cam' does not fit this model; these do: Integrated gradients."),
        ({"epoch": 99}, "by now, not of 99"),
        ({"sources": [{"dataset": run.dataset, "row": 10**6}]}, "has no sample 1000000"),
    ):
        with pytest.raises(RunError, match=words):
            explained(studio.home, about | changes, lambda share, words: None)


def _sums_in_the_shell(studio, run, sums):
    said = CliRunner().invoke(
        app, ["explain", run.id, "My parcel never came."], env={"TLSTUDIO_HOME": str(studio.home)}
    )
    line = said.stdout.splitlines()[-1]
    assert line.startswith("All parts add up to") and "convergence delta" in line
    total, baseline, score = map(float, re.findall(r"[-+]?\d+\.\d+", line)[:3])
    assert (total, baseline) == pytest.approx((sums["total"], sums["baseline"]), abs=2e-3)
    assert score == pytest.approx(sums["score"], abs=2e-3)


def test_a_source_is_one_thing():
    assert Source.from_dict(Source(dataset="d", row=0).to_dict()) == Source(dataset="d", row=0)
    for wrong in ({}, {"dataset": "d"}, {"text": "x", "dataset": "d", "row": 1}):
        with pytest.raises(RunError, match="one of them"):
            Source(**wrong)
