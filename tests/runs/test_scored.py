"""A finished run keeps its answers, and a run without them is scored again from its weights to the same."""

import numpy as np

from tests.runs.test_worker import queued as queued
from tlcore.evaluation.predictions import forget, kept
from tlcore.runs import run_folder, worker
from tlcore.runs.scored import predictions


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
