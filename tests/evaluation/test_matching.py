"""Another dataset set against a run's own: classes by name, unknown and absent ones, and samples met before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tlcore.data import Columns, Dataset, ingest
from tlcore.errors import DataError
from tlcore.evaluation.matching import match, shared_classes
from tlcore.evaluation.metrics import changes, headlines, of_classes
from tlcore.evaluation.predictions import Predictions


def texts(home: Path, name: str, rows: list[tuple[str, str, str]]) -> Dataset:
    """A stored dataset of (text, class, split), which is kept."""
    home.mkdir(exist_ok=True)
    pd.DataFrame(rows, columns=["text", "label", "split"]).to_csv(home / f"{name}.csv", index=False)
    columns = Columns(text="text", label="label", split="split")
    return ingest(home / f"{name}.csv", home, name=name, columns=columns)


def about(name: str, start: int, n: int, split: str) -> list[tuple[str, str, str]]:
    return [(f"message {i} about {name}", name, split) for i in range(start, start + n)]


@pytest.fixture
def own(home: Path) -> Dataset:
    """Classes a, b and c: 6, 3 and 3 samples of each in train, val and test."""
    parts = [("train", 0, 6), ("val", 6, 3), ("test", 9, 3)]
    return texts(home, "own", [row for name in "abc" for split, at, n in parts for row in about(name, at, n, split)])


@pytest.fixture
def other(home: Path) -> Dataset:
    """Classes c, a and the unknown z, in another order of numbers; of a two samples of train, one of val, one of test.

    In its test split lie 4 of c and 3 of z, in its train split the rest.
    """
    planted = [("message 0 about a", "a", "train"), ("message 1 about a", "a", "train")]
    planted += [("message 6 about a", "a", "test"), ("message 9 about a", "a", "test")]
    fresh = [*about("a", 100, 5, "train"), *about("c", 100, 3, "train"), *about("c", 200, 4, "test")]
    strange = [*about("A", 0, 4, "train"), *about("z", 0, 3, "test"), *about("z", 9, 2, "train")]
    return texts(home, "other", planted + fresh + strange)


def test_classes_are_matched_by_name_and_the_rest_is_counted(own: Dataset, other: Dataset) -> None:
    found = match(own, other, "all")
    manifest = other.manifest()
    assert [own.classes[label] for label in found.labels] == [
        other.classes[label] for label in manifest["label"].iloc[found.rows]
    ]
    assert found.shared == ("a", "c") and found.absent == ("b",) and dict(found.unknown) == {"A": 4, "z": 5}
    assert len(found.rows) + found.n_unknown == other.n_samples
    assert (found.count("train"), found.count("val"), found.count("test")) == (2, 1, 1)
    met = manifest["sample"].iloc[found.rows[found.learned]]
    assert sorted(met) == ["message 0 about a", "message 1 about a", "message 6 about a"]
    assert shared_classes(own.classes, other.classes) == ("a", "c")


def test_a_split_is_judged_by_itself(own: Dataset, other: Dataset) -> None:
    found = match(own, other, "test")
    assert set(found.rows) <= set(other.rows("test")) and len(found.rows) == 6
    assert dict(found.unknown) == {"z": 3} and (found.count("train"), found.count("val")) == (0, 1)


def test_what_is_left_out_is_said_in_words(own: Dataset, other: Dataset) -> None:
    found = match(own, other, "all")
    unknown, absent, tested = found.sentences()
    assert "does not know 2 of the 4 classes here, so their 9 samples are left out: A (4), z (5)." in unknown
    assert "No sample here is of 1 of the 3 classes that the model knows: b." in absent
    assert "1 of the samples is in the run's own test split" in tested
    learned, counted = found.warning(counts=False), found.warning(counts=True)
    assert "3 of the 16 samples were also in the run's own data, 2 in train and 1 in val, and are left out" in learned
    assert "count here" in counted and "too good" in counted
    same = match(own, own, "test")
    assert same.sentences()[0].startswith("9 of the samples") and same.warning(counts=False) == ""


def test_samples_that_were_learned_from_are_in_no_figure_unless_they_are_to_be(own: Dataset, other: Dataset) -> None:
    found = match(own, other, "all")
    logits = np.eye(3, dtype=np.float32)[found.labels]
    logits[~found.learned] = np.eye(3, dtype=np.float32)[1]  # right on what was learned, else always b
    said = Predictions(rows=found.rows, logits=logits, labels=found.labels, epoch=1, dataset=other.id, split="all")
    assert headlines(found.judged(said, learned=False))[0].value == 0.0
    assert headlines(found.judged(said, learned=True))[0].value == pytest.approx(3 / 16)
    assert len(found.judged(said, learned=False).rows) == 13


def test_what_does_not_fit_is_refused_with_both_names(home: Path, own: Dataset) -> None:
    shouted = texts(home, "shouted", [*about("A", 0, 5, "train"), *about("Z", 0, 5, "train")])
    with pytest.raises(DataError, match="have no class in common") as refused:
        match(own, shouted, "all")
    assert "own, which the run was trained on (a, b, c), and shouted (A, Z)" in str(refused.value)
    assert "letter by letter: a is not A" in str(refused.value)
    strange = [*about("z", 0, 5, "train"), *about("z", 9, 5, "test")]
    halves = texts(home, "halves", [*about("a", 300, 5, "train"), *strange])
    with pytest.raises(DataError, match="The test split of halves has no sample of a class that the run knows"):
        match(own, halves, "test")
    with pytest.raises(DataError, match="not 'train'"):
        match(own, halves, "train")  # type: ignore[arg-type]


def test_means_over_classes_are_over_those_that_are_here_and_the_drop_has_an_interval() -> None:
    labels = np.repeat([0, 1], 50)
    right = np.eye(4, dtype=np.float32)[labels]
    half = right.copy()
    half[::2] = np.eye(4, dtype=np.float32)[3]
    notes = {"epoch": 1, "dataset": "d", "split": "all"}
    here = Predictions(rows=np.arange(100), logits=half, labels=labels, **notes)
    own = Predictions(
        rows=np.arange(200),
        logits=np.eye(4, dtype=np.float32)[np.repeat(range(4), 50)],
        labels=np.repeat(range(4), 50),
        **notes,
    )
    accuracy, balanced, f1 = headlines(here, absent=False)
    assert accuracy.value == balanced.value == 0.5 and f1.value == pytest.approx(2 / 3)
    assert headlines(here)[2].value == pytest.approx(1 / 3)
    alike = of_classes(own, [0, 1])
    assert len(alike.rows) == 100 and set(alike.labels) == {0, 1}
    drop = changes(here, alike, absent=False)[0]
    assert drop.value == -0.5 and drop.own.value == 1.0
    assert changes(here, alike, absent=False, shared=1)[0].difference is None
    assert drop.difference is not None
    assert drop.difference.low == pytest.approx(-0.6, abs=0.03) and drop.difference.high == pytest.approx(
        -0.4, abs=0.03
    )
