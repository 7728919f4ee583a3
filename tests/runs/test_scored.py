"""A finished run keeps its answers, and a run without them is scored again from its weights to the same."""

import numpy as np
import pandas as pd
import pytest

from tests.runs.test_worker import queued as queued
from tlcore.data import Columns, ingest, load_dataset
from tlcore.errors import DataError, RunError
from tlcore.evaluation.matching import match
from tlcore.evaluation.predictions import forget, kept
from tlcore.runs import run_folder, scored, worker
from tlcore.runs.elsewhere import answers_elsewhere, question
from tlcore.runs.scored import elsewhere, predictions


def test_the_job_answers_as_the_worker_did(queued):
    studio, run = queued
    assert worker.work(studio.home, run.id, run.claim) == 0
    ended, folder = studio.store.run(run.id), run_folder(studio.home, run.id)
    first = kept(folder, "test")
    assert abs(first.right.mean() - ended.test_accuracy) < 1e-6
    assert (first.epoch, first.dataset) == (ended.best_epoch, ended.dataset)
    forget(folder)
    told = []
    result = predictions(studio.home, {"run": run.id, "split": "test"}, lambda share, words: told.append(share))
    again = kept(folder, "test")
    assert result == {"n": len(first.rows), "epoch": first.epoch}
    assert np.array_equal(again.rows, first.rows) and np.array_equal(again.labels, first.labels)
    assert np.allclose(again.logits, first.logits, atol=1e-5)


def test_another_dataset_is_scored_as_the_runs_own_and_what_does_not_fit_is_refused(queued, monkeypatch):
    studio, run = queued
    assert worker.work(studio.home, run.id, run.claim) == 0
    ended, folder = studio.store.run(run.id), run_folder(studio.home, run.id)
    own = load_dataset(studio.home, run.dataset)
    other = _of_two_classes(studio.home, own)
    told = []
    result = elsewhere(studio.home, question(ended, other.id, "all"), lambda share, words: told.append(share))
    matched = match(own, other, "all")
    found = answers_elsewhere(studio.home, ended, other.id, matched)
    tested = kept(folder, "test")
    assert result == {"n": len(matched.rows), "epoch": ended.best_epoch} and told[0] == 0.0
    assert matched.n_unknown == 3 and (matched.count("train") > 0) and matched.count("test") > 0
    texts, mine = other.manifest()["sample"], own.manifest()["sample"]
    logits = dict(zip(mine.iloc[tested.rows], tested.logits, strict=True))
    again = [place for place, row in enumerate(found.rows) if texts.iloc[row] in logits]
    assert len(again) == matched.count("test")
    for place in again:  # the same texts, through the same tokenizer and weights
        assert np.allclose(found.logits[place], logits[texts.iloc[found.rows[place]]], atol=1e-4)
    assert (found.labels == matched.labels).all() and found.split == "all"

    with pytest.raises(RunError, match="by now, not of 99"):
        elsewhere(studio.home, {**question(ended, other.id, "all"), "epoch": 99}, lambda share, words: None)
    with pytest.raises(DataError, match="not 'train'"):
        elsewhere(studio.home, {**question(ended, other.id, "all"), "part": "train"}, lambda share, words: None)
    monkeypatch.setattr(scored, "MOST_LOGITS", 10)
    with pytest.raises(RunError, match="logits, more than the 10 that are kept"):
        elsewhere(studio.home, question(ended, other.id, "all"), lambda share, words: None)
    (folder / f"predictions-{other.id}-all.safetensors").write_bytes(b"cut")
    assert answers_elsewhere(studio.home, ended, other.id, matched) is None
    forget(folder)
    assert not list(folder.glob("predictions-*"))


def _of_two_classes(home, own):
    """All texts of two of its classes, some of which were trained on, and three of a class that is new."""
    table = own.manifest()
    known = table[table["label"] < 2]
    rows = [(text, own.classes[label]) for text, label in zip(known["sample"], known["label"], strict=True)]
    rows += [(f"nothing like it, number {i}", "something else") for i in range(3)]
    pd.DataFrame(rows, columns=["text", "label"]).to_csv(home / "two.csv", index=False)
    return ingest(home / "two.csv", home, columns=Columns(text="text", label="label"))
