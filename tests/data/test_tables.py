"""csv files as people export them."""

from pathlib import Path

import pytest

from tests.data.bringing import reviews, table
from tlcore.data import Columns, Dataset, Limits, ingest, inspect_table
from tlcore.errors import DataError


def sentences(dataset: Dataset) -> list[str]:
    return [str(problem) for problem in dataset.problems]


def texts(dataset: Dataset) -> set[str]:
    return {str(dataset.sample(row)) for row in range(dataset.n_samples)}


def test_texts_and_labels(tmp_path: Path, home: Path) -> None:
    dataset = ingest(table(tmp_path / "reviews.csv", reviews()), home)
    assert (dataset.name, dataset.source, dataset.modality) == ("reviews", "reviews.csv", "text")
    assert (dataset.classes, dataset.n_samples, dataset.problems) == (("bad", "good"), 12, ())
    manifest = dataset.manifest()
    row = manifest[manifest["origin"] == "line 4"].iloc[0]
    assert (row["sample"], dataset.classes[row["label"]]) == ("I liked visit number 1", "good")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("suffix", ["csv", "tsv", "txt"])
def test_usual_separators_are_found(tmp_path: Path, home: Path, separator: str, suffix: str) -> None:
    path = table(tmp_path / f"x.{suffix}", reviews(separator=separator))
    assert inspect_table(path).delimiter == separator
    assert ingest(path, home).problems == ()


def test_an_unusual_separator_is_mentioned(tmp_path: Path, home: Path) -> None:
    dataset = ingest(table(tmp_path / "x.csv", reviews(separator="|")), home)
    assert sentences(dataset) == ["x.csv: Fields are divided by |, which is unusual. Check the preview."]


def test_commas_within_texts_do_not_confuse_the_separator(tmp_path: Path) -> None:
    text = "text;label\n" + "".join(f"Well, yes, {number}, fine;good\nNo, {number};bad\n" for number in range(9))
    assert inspect_table(table(tmp_path / "x.csv", text)).delimiter == ";"


def test_one_column_is_an_error(tmp_path: Path, home: Path) -> None:
    for text in ("text\nhello\nthere\n", "text~label\nhello~good\n"):
        with pytest.raises(
            DataError, match=r"^x\.csv has one column only, whether it is divided at comma, semicolon, tab"
        ):
            ingest(table(tmp_path / "x.csv", text), home)


def test_without_a_header_the_first_line_is_kept(tmp_path: Path, home: Path) -> None:
    path = table(tmp_path / "x.csv", reviews(header=""))
    found = inspect_table(path)
    assert (found.columns, found.header, found.text, found.label) == (
        ("column_1", "column_2"),
        False,
        "column_1",
        "column_2",
    )
    dataset = ingest(path, home)
    assert dataset.n_samples == 12
    assert sentences(dataset) == [
        "x.csv: The first line looks like data, so it was kept and the columns are called column_1, column_2 and so "
        "on. If it is a header, name the columns text and label."
    ]


@pytest.mark.parametrize("header", ["Nachricht,Art", "what they wrote,mood", "a,b"])
def test_a_header_of_other_words(tmp_path: Path, header: str) -> None:
    found = inspect_table(table(tmp_path / "x.csv", reviews(header=header)))
    assert (found.header, found.columns) == (True, tuple(header.split(",")))


@pytest.mark.parametrize(
    ("header", "row", "text", "label"),
    [
        ("id,review,sentiment,date", "{n},Text of some length {n},{c},2024-01-0{d}", "review", "sentiment"),
        ("number,stuff,kind", "{n},Text of some length {n},{c}", "stuff", "kind"),
        ("label,text", "{c},Text {n}", "text", "label"),
        ("class,x", "{c},{n}", "x", "class"),
    ],
)
def test_columns_are_guessed(tmp_path: Path, header: str, row: str, text: str, label: str) -> None:
    rows = [row.format(n=n, c="good" if n % 2 else "bad", d=n % 9 + 1) for n in range(20)]
    found = inspect_table(table(tmp_path / "x.csv", "\n".join([header, *rows])))
    assert (found.text, found.label) == (text, label)


def test_empty_and_repeated_column_names(tmp_path: Path) -> None:
    found = inspect_table(table(tmp_path / "x.csv", ",text,text\n1,a b c,good\n2,d e f,bad\n"))
    assert found.columns == ("column_1", "text", "text_3")


def test_the_preview_is_short(tmp_path: Path) -> None:
    path = table(tmp_path / "x.csv", "text,label\n" + "".join(f"{'long ' * 400}{n},{n % 3}\n" for n in range(50)))
    preview = inspect_table(path).preview
    assert preview.shape == (20, 2)
    assert preview["text"].str.len().max() == 500


def test_chosen_columns(tmp_path: Path, home: Path) -> None:
    text = "first,second,kind\n" + "".join(f"a{n},b{n},{n % 2}\n" for n in range(8))
    path = table(tmp_path / "x.csv", text)
    assert texts(ingest(path, home, columns=Columns(text="second", label="kind"))) == {f"b{n}" for n in range(8)}
    with pytest.raises(DataError, match=r"^x\.csv has no column 'third'; it has first, second, kind\.$"):
        ingest(path, home, columns=Columns(text="third", label="kind"))
    with pytest.raises(DataError, match="'kind' cannot be both the text and the label; choose two columns"):
        ingest(path, home, columns=Columns(text="kind", label="kind"))


def test_empty_texts_and_labels_are_listed_by_line(tmp_path: Path, home: Path) -> None:
    extra = ",good\n   ,bad\nno label,\n\nnor here,  \n"
    dataset = ingest(table(tmp_path / "x.csv", reviews() + extra), home)
    assert dataset.n_samples == 12
    assert sentences(dataset) == [
        "lines 14, 15: Left out: the text is empty. Write one, or delete the line.",
        "lines 16, 18: Left out: the label is empty. Write one, or delete the line.",
    ]
    assert list(dataset.left_out()["where"]) == ["line 14", "line 15", "line 16", "line 18"]


def test_only_empty_rows(tmp_path: Path, home: Path) -> None:
    with pytest.raises(
        DataError, match=r"^x\.csv has no row with both a text and a label; fill them in \(2 left out, first"
    ):
        ingest(table(tmp_path / "x.csv", "text,label\n,a\n,b\n"), home)


def test_only_a_header(tmp_path: Path, home: Path) -> None:
    with pytest.raises(DataError, match=r"^x\.csv has no rows below its first line; export it again with its data\.$"):
        ingest(table(tmp_path / "x.csv", "text,label\n"), home)


def test_zero_bytes(tmp_path: Path, home: Path) -> None:
    with pytest.raises(DataError, match=r"^x\.csv is empty \(0 bytes\); export it again\.$"):
        ingest(table(tmp_path / "x.csv", ""), home)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_encodings(tmp_path: Path, home: Path, encoding: str) -> None:
    dataset = ingest(table(tmp_path / "x.csv", (reviews() + "schön wär's 🙂,good\n").encode(encoding)), home)
    assert dataset.problems == ()
    assert "schön wär's 🙂" in texts(dataset)


def test_windows_1252_names_line_and_byte(tmp_path: Path, home: Path) -> None:
    data = reviews().encode() + "schön,good\n".encode("cp1252")
    dataset = ingest(table(tmp_path / "x.csv", data), home)
    assert "schön" in texts(dataset)
    at = data.index(b"\xf6") + 1
    assert sentences(dataset) == [
        f"x.csv: Not UTF-8 (line 14, byte {at} of the file, 0xF6), so it was read as Windows-1252. "
        "If letters look wrong, save it as CSV UTF-8 and upload it again."
    ]


def test_a_wrong_byte_far_into_the_file(tmp_path: Path) -> None:
    start = "text,label\n" + "äöü,good\n" * 300_000
    data = start.encode() + b"\xff,bad\n"
    (problem,) = inspect_table(table(tmp_path / "x.csv", data)).problems
    assert f"line 300002, byte {len(start.encode()) + 1} of the file, 0xFF" in problem.what


def test_a_file_that_ends_within_a_letter(tmp_path: Path) -> None:
    data = (reviews() + "schö").encode()[:-1]
    (problem,) = inspect_table(table(tmp_path / "x.csv", data)).problems
    assert f"line 14, byte {len(data)} of the file, 0xC3" in problem.what


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (reviews().encode("utf-16-le"), r"x\.csv is UTF-16 without its mark, or no text at all; save it as CSV UTF-8"),
        (b"PK\x03\x04....", r"x\.csv is an Excel workbook or a zip, not a table of text"),
        (b"\xff\xfe" + b"a\x00" * 40 + b"\x00\xd8a", r"x\.csv begins like utf-16 but is damaged"),
    ],
)
def test_not_a_text(tmp_path: Path, home: Path, data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        ingest(table(tmp_path / "x.csv", data), home)


def test_nul_characters_are_taken_out(tmp_path: Path, home: Path) -> None:
    dataset = ingest(table(tmp_path / "x.csv", reviews() + "he\0llo,good\n"), home)
    assert "hello" in texts(dataset)
    assert sentences(dataset) == ["line 14: Held NUL characters, which were taken out. Export the table again."]


def test_lines_with_other_fields(tmp_path: Path, home: Path) -> None:
    dataset = ingest(table(tmp_path / "x.csv", reviews() + "one, two,good\nshort\nfine,good,\n"), home)
    assert "fine" in texts(dataset)
    assert sentences(dataset) == [
        "lines 14, 15: Left out: not the 2 fields of the first line. Put texts that hold the separator in quotes."
    ]


def test_quotes(tmp_path: Path, home: Path) -> None:
    extra = '"two\nlines, and ""quotes""",good\nthe 5" disk,bad\n'
    dataset = ingest(table(tmp_path / "x.csv", reviews() + extra + "last,good\n"), home)
    assert {'two\nlines, and "quotes"', 'the 5" disk'} <= texts(dataset)
    manifest = dataset.manifest()
    assert list(manifest.loc[manifest["sample"] == "last", "origin"]) == ["line 17"]
    assert dataset.problems == ()


@pytest.mark.parametrize("filler", [0, 6_000])
def test_a_quote_that_is_never_closed_costs_its_line_alone(tmp_path: Path, home: Path, filler: int) -> None:
    rows = "".join(f"filler {n},good\n" for n in range(filler))
    dataset = ingest(table(tmp_path / "x.csv", reviews() + '"opened,bad\n' + "after,good\n" + rows), home)
    assert dataset.n_samples == 13 + filler
    assert sentences(dataset) == [
        "line 14: Left out: a quote opens here and is not closed. Close it, or write a quote within a text twice."
    ]


def test_many_open_quotes(tmp_path: Path, home: Path) -> None:
    rows = "".join(f'"open {n},good{n % 2}\n' + f"{'x' * 2_000},y\n" * 70 for n in range(60))
    with pytest.raises(DataError, match=r"^x\.csv has more than 50 quotes that are not closed, the last in line"):
        ingest(table(tmp_path / "x.csv", reviews() + rows), home)


def test_texts_too_long(tmp_path: Path, home: Path) -> None:
    lengths = (60, 200_000, 1_500_000)
    rows = "".join(f"{'x' * length},good\n" for length in lengths)
    dataset = ingest(
        table(tmp_path / "x.csv", reviews() + rows + "after,bad\n"), home, limits=Limits(max_text_chars=50)
    )
    assert dict(zip(dataset.left_out()["where"], dataset.left_out()["why"], strict=True)) == {
        "line 14": "the text has more than 50 characters",
        "line 15": "a field is far too long",
        "line 16": "a line far too long",
    }
    assert "after" in texts(dataset)


def test_a_label_column_of_ids(tmp_path: Path, home: Path) -> None:
    path = table(tmp_path / "x.csv", "text,label\n" + "".join(f"hello {n},id{n}\n" for n in range(40)))
    with pytest.raises(
        DataError,
        match=r"^The label column 'label' of x\.csv has 40 different values in 40 rows, so it is probably the text or",
    ):
        ingest(path, home)


def test_copies_and_contradictions(tmp_path: Path, home: Path) -> None:
    extra = "I liked visit number 0,good\nso so,good\nso so,bad\n"
    dataset = ingest(table(tmp_path / "x.csv", reviews() + extra), home)
    assert dataset.n_samples == 12
    assert sentences(dataset) == [
        "line 14: Left out: an exact copy of another sample of its class. Nothing to do.",
        "lines 15 (good), 16 (bad): Left out: the same content under different labels. Decide which label is right.",
    ]


def test_one_class(tmp_path: Path, home: Path) -> None:
    with pytest.raises(DataError, match=r"^x\.csv holds one class only \(good\), and a classifier needs at least two"):
        ingest(table(tmp_path / "x.csv", "text,label\n" + "".join(f"t{n},good\n" for n in range(9))), home)


def test_a_class_with_one_text(tmp_path: Path, home: Path) -> None:
    dataset = ingest(table(tmp_path / "x.csv", reviews() + "hm,unsure\n"), home)
    assert dataset.classes == ("bad", "good")
    assert sentences(dataset) == [
        "unsure (line 14): Left out: a class with fewer than 3 different samples, one for each of train, val and test. "
        "Add samples, or merge it with another class."
    ]


def test_a_table_larger_than_allowed(tmp_path: Path, home: Path) -> None:
    with pytest.raises(DataError, match=r"^x\.csv has \d+ bytes, 100 are allowed; divide it\.$"):
        ingest(table(tmp_path / "x.csv", reviews()), home, limits=Limits(max_table_bytes=100))


def test_a_carriage_return_alone_ends_a_line(tmp_path: Path, home: Path) -> None:
    assert ingest(table(tmp_path / "x.csv", reviews().replace("\n", "\r")), home).n_samples == 12


def test_progress_ends_at_its_total(tmp_path: Path, home: Path) -> None:
    seen: list[tuple[int, int]] = []
    rows = "".join(f"filler {n},good\n" for n in range(2_500))
    ingest(table(tmp_path / "x.csv", reviews() + rows), home, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1_000, 2_514), (2_000, 2_514), (2_514, 2_514)]


def test_a_row_with_nothing_in_its_cells_is_listed_and_an_empty_line_is_not(tmp_path: Path, home: Path) -> None:
    dataset = ingest(table(tmp_path / "data.csv", reviews() + ",\n\n"), home)
    assert len(dataset.left_out()) == 1
    assert dataset.n_samples == 12
