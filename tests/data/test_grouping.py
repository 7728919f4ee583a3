"""Groups: found by patterns, never torn apart, and every class still close to its shares."""

import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.bringing import pictures, png, zipped
from tlcore.data import SplitRatios, as_brought, bring_back, gaps, ingest, load_dataset, resplit
from tlcore.data.grouping import group_by, guesses, summary
from tlcore.data.revision import items_of, revise
from tlcore.data.splits import divide
from tlcore.errors import DataError

SHARES = (0.6, 0.2, 0.2)
samples = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", *"123456789"])), min_size=12, max_size=80)


def drawn(n_groups: int, n_classes: int, seed: int) -> tuple[list[str], list[str], list[str]]:
    """Labels, digests and groups: up to 40 samples a group, which leans to some classes."""
    random = np.random.default_rng(seed)
    labels, groups = [], []
    for group in range(n_groups):
        n = int(random.integers(1, 40))
        labels += [f"class {c}" for c in random.choice(n_classes, n, p=random.dirichlet(np.full(n_classes, 0.4)))]
        groups += [f"patient {group}"] * n
    return labels, [f"digest {i}" for i in range(len(labels))], groups


def deviation(labels: list[str], parts: list[int]) -> float:
    """How far the classes are from their shares, on average."""
    names, where = np.array(labels), np.array(parts)
    return float(
        np.mean([abs((where[names == c] == p).mean() - s) for c in np.unique(names) for p, s in enumerate(SHARES)])
    )


@given(made=samples, seed=st.integers(0, 99))
def test_no_group_is_in_two_splits_and_no_split_is_empty(made: list[tuple[str, str]], seed: int) -> None:
    labels, groups = [label for label, _ in made], [group for _, group in made]
    if len(set(groups) - {""}) + groups.count("") < 3 or not any(groups):
        return
    parts = divide(labels, [f"d{i}" for i in range(len(made))], SHARES, seed, groups)
    for group in set(groups) - {""}:
        assert len({part for part, name in zip(parts, groups, strict=True) if name == group}) == 1
    assert set(parts) == {0, 1, 2}


@pytest.mark.parametrize(("n_groups", "n_classes"), [(12, 2), (40, 5), (200, 10), (1000, 4)])
def test_as_close_to_the_shares_as_scikit_learn(n_groups: int, n_classes: int) -> None:
    from sklearn.model_selection import StratifiedGroupKFold

    ours, theirs = [], []
    for seed in range(4):
        labels, digests, groups = drawn(n_groups, n_classes, seed)
        folds = np.zeros(len(labels), dtype=int)
        folding = StratifiedGroupKFold(5, shuffle=True, random_state=seed).split(labels, labels, groups)
        for number, (_, rows) in enumerate(folding):
            folds[rows] = number
        theirs.append(deviation(labels, np.array([0, 0, 0, 1, 2])[folds].tolist()))
        ours.append(deviation(labels, divide(labels, digests, SHARES, seed, groups)))
    assert np.mean(ours) <= np.mean(theirs) + 0.001


def test_the_division_is_steady_and_knows_no_order() -> None:
    labels, digests, groups = drawn(400, 4, seed=2)
    parts = divide(labels, digests, SHARES, 7, groups)
    backwards = divide(labels[::-1], digests[::-1], SHARES, 7, groups[::-1])
    assert backwards[::-1] == parts
    kept = [i for i, group in enumerate(groups) if group != "patient 5"]
    fewer = divide(*([values[i] for i in kept] for values in (labels, digests)), SHARES, 7, [groups[i] for i in kept])
    assert np.mean([parts[i] == part for i, part in zip(kept, fewer, strict=True)]) > 0.8
    assert divide(labels, digests, SHARES, 8, groups) != parts


def test_samples_without_a_group_fill_up_what_groups_leave() -> None:
    labels = ["a"] * 50 + ["b"] * 50
    groups = ["one"] * 20 + [""] * 30 + ["two"] * 20 + [""] * 30
    counts = Counter(zip(labels, divide(labels, [str(i) for i in range(100)], SHARES, 0, groups), strict=True))
    assert [counts[label, part] for label in "ab" for part in range(3)] == [30, 10, 10] * 2


def test_a_rare_class_is_trained_on_first() -> None:
    labels = [*(["often"] * 300), *(["rare"] * 8)]
    groups = [*(f"patient {i // 10}" for i in range(300)), *(["patient x"] * 8)]
    for seed in range(5):
        parts = divide(labels, [str(i) for i in range(308)], SHARES, seed, groups)
        assert set(parts[300:]) == {0}


def test_too_few_groups_are_refused() -> None:
    with pytest.raises(DataError, match=r"There is only 1 group \('all' has 9 samples\), too few for 3 splits"):
        divide(["a"] * 9, [str(i) for i in range(9)], SHARES, 0, ["all"] * 9)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"([^/_]+)_[^/]*$", ["p1", "p1", "p2", ""]),
        (r"p\d+", ["p1", "p1", "p2", "p3"]),
        (r"^([^/]+)/", ["a", "b", "b", "b"]),
    ],
)
def test_a_pattern_finds_groups(pattern: str, expected: list[str]) -> None:
    assert group_by(["a/p1_1.png", "b/p1_2.png", "b/p2_1.png", "b/p3.png"], pattern) == expected


@pytest.mark.parametrize("pattern", ["(a", "", "x" * 201, r"(?=a)", r"a{999}{999}", r"(a)\1"])
def test_what_is_no_pattern_is_said(pattern: str) -> None:
    with pytest.raises(DataError, match="pattern"):
        group_by(["a"], pattern)


def test_a_hostile_pattern_takes_no_time() -> None:
    begun = time.process_time()
    assert group_by(["a" * 300] * 1000, "(a*)*(a|a?)+b") == [""] * 1000
    assert time.process_time() - begun < 20, "a backtracking engine would not end"


def test_patterns_are_guessed_from_the_names() -> None:
    origins = [f"{c}/module{m:02d}-cell{n}.png" for c in ("good", "bad") for m in range(6) for n in range(4)]
    found = guesses(origins, [origin.split("/")[0] for origin in origins])
    assert {guess.title for guess in found} >= {"file name up to its first _ or -"}
    first = next(guess for guess in found if "first" in guess.title)
    assert (first.found.n_groups, first.found.largest, first.found.examples[0]) == (6, 8, ("module00", 8))
    plain = [f"{c}/{n}.png" for c in "ab" for n in range(9)]
    assert guesses(plain, [origin[0] for origin in plain]) == ()
    assert summary(["a", "a", ""]).n_alone == 1


def test_a_grouped_dataset_is_another_and_stays_grouped(tmp_path: Path, home: Path) -> None:
    names = [(f"{c}/p{n % 5}_{n}.png", 100 * (c == "b") + n) for c in "ab" for n in range(20)]
    first = ingest(zipped(tmp_path / "x.zip", {name: png(number) for name, number in names}), home)
    groups = group_by(first.manifest()["origin"].tolist(), r"([^/_]+)_[^/]*$")
    split = SplitRatios(grouped_by="pattern")
    made = resplit(first, split, groups)
    assert made.id != first.id and made.content == first.content
    assert made.manifest().groupby("group")["split"].nunique().max() == 1
    assert load_dataset(home, made.id).split == split
    again = resplit(made, SplitRatios(seed=4))
    assert again.manifest()["group"].tolist() == groups and again.split == SplitRatios(seed=4, grouped_by="pattern")
    assert resplit(made, SplitRatios(), [""] * 40).id == first.id
    smaller = revise(made, items_of(made)[1:], change="Left out one.")
    assert smaller.manifest().groupby("group")["split"].nunique().max() == 1 and smaller.split == split


def test_classes_that_a_split_lacks_are_known(tmp_path: Path, home: Path) -> None:
    first = ingest(zipped(tmp_path / "x.zip", pictures(9)), home)
    assert gaps(first) == {}
    rows = first.manifest()
    groups = ["whole" if label == 0 else f"g{i}" for i, label in enumerate(rows["label"])]
    assert gaps(resplit(first, SplitRatios(), groups)) == {"val": (first.classes[0],), "test": (first.classes[0],)}


def test_the_split_that_was_brought_can_be_had_back(tmp_path: Path, home: Path) -> None:
    files = {
        f"{split}/{c}/{i}.png": png(start + 100 * (c == "b") + i)
        for split, start in (("train", 0), ("val", 300), ("test", 600))
        for c in "ab"
        for i in range(4)
    }
    brought = ingest(zipped(tmp_path / "x.zip", files), home)
    anew = resplit(brought, SplitRatios(seed=2))
    assert anew.split is not None and as_brought(anew) == brought and bring_back(anew) == brought
    fewer = revise(anew, items_of(anew)[1:], change="Left out one.")
    back = bring_back(fewer)
    assert back.split is None and back.content == fewer.content
    before = brought.manifest().set_index("digest")["split"]
    after = back.manifest().set_index("digest")["split"]
    assert (before[after.index] == after).all()
    drawn_only = ingest(zipped(tmp_path / "y.zip", pictures(5)), home)
    with pytest.raises(DataError, match="without a split of its own"):
        bring_back(drawn_only)
