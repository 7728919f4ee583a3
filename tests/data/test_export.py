"""The exported zip: what is in it, what its names can do, and that it reads back as the same dataset."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

from tests.data.bringing import pictures, zipped
from tlcore.data import Columns, SplitRatios, export, ingest, resplit
from tlcore.data.export import folder_names
from tlcore.errors import DataError


def rows(path: Path, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))


def test_images_read_back_as_the_same_samples_labels_and_splits(tmp_path: Path, home: Path) -> None:
    groups = ["left", "right", "", "", "", ""] * 3
    first = resplit(ingest(zipped(tmp_path / "x.zip", pictures(9)), home), SplitRatios(seed=5), groups)
    seen: list[tuple[int, int]] = []
    path = export(first, tmp_path / "out" / "first.zip", lambda done, total: seen.append((done, total)))
    assert seen[-1] == (18, 18) and list(path.parent.iterdir()) == [path]
    again = ingest(path, tmp_path / "elsewhere")
    columns = ["label", "split", "digest"]
    assert again.classes == first.classes and again.split is None
    assert again.manifest()[columns].equals(first.manifest()[columns])
    table = rows(path, "manifest.csv")
    assert [row["group"] for row in table] == groups
    assert [row["origin"] for row in table] == first.manifest()["origin"].tolist()
    with zipfile.ZipFile(path) as archive:
        assert {row["file"] for row in table} == set(archive.namelist()) - {"manifest.csv", "dataset.json"}
        record = json.loads(archive.read("dataset.json"))
    assert record["id"] == first.id and record["counts"]["train"] == len(first.rows("train")) and "home" not in record


def test_texts_are_a_table_for_each_split_that_runs_no_formula(tmp_path: Path, home: Path) -> None:
    source = tmp_path / "x.csv"
    texts = [f'message, {i} "of" {label}' for label in ("good", "bad") for i in range(8)] + ["=1+1"]
    with source.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("text", "label"))
        table.writerows((text, "bad" if "bad" in text else "good") for text in texts)
    dataset = ingest(source, home, columns=Columns(text="text", label="label"))
    path = export(dataset, tmp_path / "out.zip")
    found = {row["text"]: (row["label"], row["split"]) for name in ("train", "val", "test")
             for row in rows(path, f"{name}.csv")}  # fmt: skip
    manifest = dataset.manifest()
    expected = {
        text.replace("=1+1", "'=1+1"): (dataset.classes[label], split)
        for text, label, split in zip(manifest["sample"], manifest["label"], manifest["split"], strict=True)
    }
    assert found == expected


def test_names_that_no_file_system_takes_are_changed_and_stay_apart() -> None:
    names = folder_names(("../up", "a/b", "a\\b", "CON", "nul.txt", "end.", "A_B", "x\ny", "..", "=1", "é" * 90))
    assert len({name.casefold() for name in names}) == len(names)
    assert names[:5] == (".._up".strip(" ."), "a_b", "a_b~2", "_CON", "_nul.txt")
    for name in names:
        assert not set(name) & set('/\\<>:"|?*\n') and name.strip(" .") == name and len(name.encode()) <= 102


def test_a_failed_export_leaves_nothing_and_keeps_what_was_there(tmp_path: Path, home: Path) -> None:
    dataset = ingest(zipped(tmp_path / "x.zip", pictures(4)), home)
    target = tmp_path / "out" / "x.zip"
    export(dataset, target)
    before = target.read_bytes()
    sample = dataset.manifest()["sample"][7]
    (home / "contents" / dataset.content / "files" / sample).unlink()
    with pytest.raises(DataError, match=rf"The image {sample} of dataset {dataset.id} is gone"):
        export(dataset, target)
    assert target.read_bytes() == before and list(target.parent.iterdir()) == [target]
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        export(dataset, tmp_path / "file" / "x.zip")
