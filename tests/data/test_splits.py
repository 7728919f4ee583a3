"""The split: stratified, seeded, no split without a class, steady when data are added."""

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.bringing import reviews, table
from tlcore.data import SPLITS, SplitRatios, ingest, resplit
from tlcore.data.splits import divide
from tlcore.errors import DataError

ratios = st.builds(
    lambda train, val, test, seed: SplitRatios(
        train=train / (train + val + test), val=val / (train + val + test), test=test / (train + val + test), seed=seed
    ),
    st.integers(1, 90), st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**31),
)  # fmt: skip
sizes = st.lists(st.integers(3, 60), min_size=2, max_size=6)


def samples(counts: list[int]) -> tuple[list[str], list[str]]:
    labels = [f"class {label}" for label, n in enumerate(counts) for _ in range(n)]
    return labels, [f"digest {number}" for number in range(len(labels))]


@given(counts=sizes, split=ratios)
def test_stratified_and_no_part_empty(counts: list[int], split: SplitRatios) -> None:
    labels, digests = samples(counts)
    parts = divide(labels, digests, split.shares, split.seed)
    assert len(parts) == len(labels)
    for label, n in enumerate(counts):
        of_class = [part for part, name in zip(parts, labels, strict=True) if name == f"class {label}"]
        for part, share in enumerate(split.shares):
            assert of_class.count(part) >= 1
            assert abs(of_class.count(part) - n * share) < 3


@given(counts=sizes, split=ratios, shuffle=st.randoms())
def test_the_order_of_the_samples_does_not_matter(
    counts: list[int], split: SplitRatios, shuffle: random.Random
) -> None:
    labels, digests = samples(counts)
    rows = list(range(len(labels)))
    shuffle.shuffle(rows)
    parts = divide(labels, digests, split.shares, split.seed)
    mixed = divide([labels[row] for row in rows], [digests[row] for row in rows], split.shares, split.seed)
    assert mixed == [parts[row] for row in rows]


def test_the_default_is_70_15_15_of_every_class() -> None:
    labels, digests = samples([100, 20, 10, 10])
    parts = divide(labels, digests, SplitRatios().shares, 0)
    counts = [[parts[sum(sizes[:k]) : sum(sizes[: k + 1])].count(part) for part in range(3)]
              for sizes in [[100, 20, 10, 10]] for k in range(4)]  # fmt: skip
    assert counts == [[70, 15, 15], [14, 3, 3], [7, 1, 2], [7, 2, 1]]


def test_seeds_draw_differently() -> None:
    labels, digests = samples([50, 50])
    drawn = {tuple(divide(labels, digests, SplitRatios().shares, seed)) for seed in range(5)}
    assert len(drawn) == 5


def test_most_samples_stay_where_they_are_when_others_are_added() -> None:
    labels, digests = samples([200])
    before = divide(labels, digests, SplitRatios().shares, 0)
    after = divide([*labels, *labels[:20]], [*digests, *(f"new {n}" for n in range(20))], SplitRatios().shares, 0)
    assert sum(a == b for a, b in zip(before, after, strict=False)) >= 185


def test_two_parts_of_one_sample() -> None:
    assert divide(["a"], ["x"], (0.7, 0.3), 0) == [0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"train": 0.9}, r"must add up to 1; got 0\.9 / 0\.15 / 0\.15\."),
        ({"train": 0.85, "val": 0.0}, r"Each of train, val and test needs a share above 0; got 0\.85 / 0 / 0\.15\."),
        ({"train": 1.2, "val": -0.35}, "needs a share above 0"),
        ({"train": float("nan")}, "needs a share above 0"),
        ({"seed": -1}, r"The seed of a split is a whole number from 0; got -1\."),
    ],
)
def test_impossible_ratios(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        SplitRatios(**wrong)  # type: ignore[arg-type]


def test_ratios_that_differ_by_rounding_are_equal() -> None:
    assert SplitRatios(train=0.7, val=0.15, test=1 - 0.7 - 0.15) == SplitRatios()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(split=ratios)
def test_resplit_keeps_rows_and_covers_them(tmp_path: Path, home: Path, split: SplitRatios) -> None:
    dataset = ingest(table(tmp_path / "x.csv", reviews(10)), home)
    made = resplit(dataset, split)
    assert (made.content, made.split, made.classes) == (dataset.content, split, dataset.classes)
    assert made.manifest().drop(columns="split").equals(dataset.manifest().drop(columns="split"))
    rows = [row for name in SPLITS for row in made.rows(name)]
    assert sorted(rows) == list(range(20))
    assert (made.counts()[list(SPLITS)] >= 1).all(axis=None)
    assert made.id == ingest(tmp_path / "x.csv", home, split=split).id
