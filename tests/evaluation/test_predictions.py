"""Predictions read back as they were kept, or not at all."""

import numpy as np
import pytest

from tlcore.errors import TlcoreError
from tlcore.evaluation.predictions import Predictions, forget, keep, kept


def made(**changes):
    known = {
        "rows": np.array([3, 5, 8]),
        "logits": np.array([[2.0, 0.0], [0.0, 0.0], [-1.0, 1.0]], np.float32),
        "labels": np.array([0, 1, 1]),
    }
    return Predictions(**{**known, "epoch": 4, "dataset": "d1", "split": "test", **changes})


def test_kept_is_what_was_answered(tmp_path):
    keep(tmp_path, "test", made())
    read = kept(tmp_path, "test")
    assert (read.epoch, read.dataset, read.split) == (4, "d1", "test")
    assert read.rows.tolist() == [3, 5, 8] and read.rows.dtype == np.int64
    assert np.array_equal(read.logits, made().logits) and read.logits.dtype == np.float32
    assert read.right.tolist() == [True, False, True]
    assert read.confidence == pytest.approx([1 / (1 + np.exp(-2)), 0.5, 1 / (1 + np.exp(-2))])
    assert [path.name for path in tmp_path.iterdir()] == ["predictions-test.safetensors"]
    forget(tmp_path)
    assert kept(tmp_path, "test") is None


def test_a_torn_file_is_as_none(tmp_path):
    keep(tmp_path, "val", made(split="val"))
    path = tmp_path / "predictions-val.safetensors"
    path.write_bytes(path.read_bytes()[:-8])
    assert kept(tmp_path, "val") is None


def test_each_sample_needs_all_three():
    with pytest.raises(TlcoreError, match=r"shapes are \(\(3,\), \(3, 2\), \(2,\)\)"):
        made(labels=np.array([0, 1]))
