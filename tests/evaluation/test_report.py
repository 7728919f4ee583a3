"""The report's figures on a case small enough to count by hand."""

import pytest
import torch

from tlcore.evaluation.report import report


def test_figures():
    labels = torch.tensor([0, 0, 0, 1, 1, 2])
    predicted = torch.tensor([0, 0, 1, 1, 1, 0])
    scores = torch.nn.functional.one_hot(predicted, 3).float() * 5
    result = report(scores, labels, ["a", "b", "c"], split="test", epoch=4)
    assert result["confusion"] == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]
    assert result["accuracy"] == pytest.approx(4 / 6)
    f1 = [2 / 3, 4 / 5, 0.0]
    assert [row["f1"] for row in result["per_class"]] == pytest.approx(f1)
    assert result["macro_f1"] == pytest.approx(sum(f1) / 3)
    assert [row["support"] for row in result["per_class"]] == [3, 2, 1]
    assert [row["precision"] for row in result["per_class"]] == pytest.approx([2 / 3, 2 / 3, 0])
    assert (result["n"], result["epoch"], result["split"]) == (6, 4, "test")
    assert result["loss"] == pytest.approx(torch.nn.functional.cross_entropy(scores, labels).item())


def test_a_class_without_samples_in_the_split_is_still_listed():
    result = report(torch.eye(3)[:2] * 9, torch.tensor([0, 1]), ["a", "b", "c"], split="test", epoch=1)
    assert [row["support"] for row in result["per_class"]] == [1, 1, 0]
    assert len(result["confusion"]) == 3
