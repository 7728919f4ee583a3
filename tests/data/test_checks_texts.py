"""Checks of texts and of classes."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from tests.data.bringing import table
from tlcore.data import Columns, Dataset, add_sample, ingest
from tlcore.data.checks import Finding, Reads, Report, examine, leaks, mend

ENGLISH = Reads(title="A model", max_tokens=40, languages=("en",))
WORDS = [
    "river",
    "stone",
    "paper",
    "lamp",
    "garden",
    "winter",
    "summer",
    "music",
    "bread",
    "train",
    "window",
    "letter",
    "morning",
    "evening",
    "sugar",
    "coffee",
]


def sentence(number: int) -> str:
    """English of some length, unlike that of any other number."""
    a, b, c, d = (WORDS[(number * step + number // 16 * turn) % 16] for step, turn in ((1, 3), (3, 1), (5, 7), (7, 5)))
    return f"The {a} that I wrote about was near the {b} when somebody asked for {c} and more {d}, case {number}."


def dataset(folder: Path, home: Path, rows: Sequence[tuple[str, str]], each: int = 20) -> Dataset:
    """Two classes of sentences, and these rows."""
    written = StringIO()
    usual = [(sentence(2 * i + n), label) for n, label in enumerate(("good", "bad")) for i in range(each)]
    csv.writer(written).writerows([("text", "label"), *usual, *rows])
    return ingest(table(folder / "x.csv", written.getvalue()), home, columns=Columns(text="text", label="label"))


def examined(data: Dataset) -> Report:
    """With a model that counts words."""
    return examine(data, data.home, reads=ENGLISH, count=lambda texts: [len(text.split()) for text in texts])


def found(report: Report, check: str, level: str = "") -> Finding:
    (finding,) = (one for one in report.findings if one.check == check and level in ("", one.level))
    return finding


def samples(data: Dataset, rows: Sequence[int]) -> set[str]:
    return set(data.manifest()["sample"].iloc[list(rows)])


def test_texts_of_every_kind_are_found(tmp_path: Path, home: Path) -> None:
    german = "Guten Tag, ich warte seit drei Wochen auf meine Bestellung und niemand antwortet mir."
    long = " ".join(f"This is part {i} of a story." for i in range(12))
    data = dataset(tmp_path, home, [(german, "bad"), ("?! ...", "bad"), (long, "good"), ("Kurz gesagt: nein", "bad")])
    report = examined(data)
    assert samples(data, found(report, "language").rows) == {german}, "short texts are not judged"
    assert "is trained" not in found(report, "language").text and "German (1)" in found(report, "language").text
    assert samples(data, found(report, "wordless").rows) == {"?! ..."}
    cut = found(report, "too_long")
    assert samples(data, cut.rows) == {long} and cut.level == "info" and not cut.fixes
    (lengths,) = report.histograms
    assert lengths.marks == ((40.0, "read up to 40"),) and sum(lengths.counts) == data.n_samples
    assert german not in set(mend(data, found(report, "language").fixes[0]).manifest()["sample"])
    assert {"near_duplicates", "leakage", "conflicting_labels"} <= set(report.passed)


def test_without_a_model_neither_tokens_nor_languages_are_judged(tmp_path: Path, home: Path) -> None:
    report = examine(
        dataset(tmp_path, home, [("Ich warte seit drei Wochen auf meine Bestellung und Antwort.", "bad")]), home
    )
    assert {"language", "too_long"} <= set(report.passed)
    assert [one.name for one in report.histograms] == ["chars"]


def test_texts_that_differ_in_case_or_a_letter_are_copies_but_figures_count(tmp_path: Path, home: Path) -> None:
    first = "Please send me the invoice of last month again, for I cannot find it anywhere."
    again = [
        "please send me the invoice of last month again - for I cannot find it anywhere!",
        first.replace("send", "sent"),
    ]
    other = [f"Order number {n} has not arrived at my house since last week" for n in (4711, 4712)]
    data = dataset(tmp_path, home, [(text, "bad") for text in (first, *again, *other)])
    copies = [f for f in examined(data).findings if f.check in ("leakage", "near_duplicates")]
    assert [samples(data, finding.rows) for finding in copies] == [{first, *again}]
    torn = dataset(tmp_path, home, [(first, "bad"), (again[0], "good")])
    assert samples(torn, found(examined(torn), "conflicting_labels").rows) == {first, again[0]}


def test_names_of_one_class_are_merged_in_a_click(tmp_path: Path, home: Path) -> None:
    rows = [
        (f"{sentence(500 + i)} Really.", label)
        for i, label in enumerate(["Good", "invoice", "invoce", "car 1", "car 2"] * 8)
    ]
    data = dataset(tmp_path, home, rows)
    report = examined(data)
    same, near = found(report, "label_spelling", "warning"), found(report, "label_spelling", "info")
    assert [fix.merge for fix in same.fixes] == [(("Good", "good"),)]
    assert [set(fix.merge[0]) for fix in near.fixes] == [{"invoice", "invoce"}], "neither car 1 nor car 2"
    merged = mend(data, same.fixes[0])
    assert merged.counts()["total"]["good"] == 28 and "Good" not in merged.classes
    assert merged.change == "Merged 'Good' into 'good'."


def test_unequal_and_small_classes(tmp_path: Path, home: Path) -> None:
    data = dataset(tmp_path, home, [(f"{sentence(900 + i)} Well.", "rare") for i in range(4)])
    report = examined(data)
    assert found(report, "imbalance").title == "The largest class is 5.0 times the smallest"
    small = found(report, "small_classes")
    assert small.places == ("rare",) and "fewer than 7 samples" in small.text
    made = mend(data, small.fixes[0])
    assert made.classes == ("bad", "good")
    assert {"imbalance", "small_classes"} <= set(examined(made).passed)


def test_the_sample_of_messages_is_sound(home: Path) -> None:
    data = add_sample("messages", home)
    report = examined(data)
    assert not report.findings and not leaks(report)
