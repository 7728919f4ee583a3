"""Stored datasets: named by their content, whole or not there at all."""

import json
import logging
import subprocess
import sys
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.bringing import encoded, pictures, png, reviews, table, unpacked, zipped
from tlcore.data import Dataset, SplitRatios, ingest, list_datasets, load_dataset, resplit
from tlcore.errors import DataError


def stored(home: Path) -> list[str]:
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())


def test_what_is_stored_is_what_was_brought(tmp_path: Path, home: Path) -> None:
    files = pictures(5)
    dataset = ingest(zipped(tmp_path / "x.zip", files), home)
    manifest = dataset.manifest()
    assert list(manifest.columns) == ["sample", "label", "split", "origin", "digest", "group"]
    assert manifest["label"].dtype == np.int64
    for row, name, path in zip(range(10), manifest["origin"], manifest["sample"], strict=True):
        assert (home / "contents" / dataset.content / "files" / path).read_bytes() == files[name]
        assert dataset.classes[dataset.labels()[row]] == name.split("/")[0]
        image = dataset.sample(row)
        assert isinstance(image, Image.Image)
        assert (image.mode, image.size) == ("RGB", (6, 6))


def test_rows_are_ordered_by_label_and_digest(tmp_path: Path, home: Path) -> None:
    manifest = ingest(zipped(tmp_path / "x.zip", pictures(9)), home).manifest()
    keys = list(zip(manifest["label"], manifest["digest"], strict=True))
    assert keys == sorted(keys)


def test_counts_rows_and_labels(tmp_path: Path, home: Path) -> None:
    dataset = ingest(zipped(tmp_path / "x.zip", pictures(20)), home)
    counts = dataset.counts()
    assert list(counts.columns) == ["train", "val", "test", "total"]
    assert counts.to_dict("index") == {
        name: {"train": 14, "val": 3, "test": 3, "total": 20} for name in ("cats", "dogs")
    }
    assert dataset.rows("val").dtype == np.int64
    assert np.bincount(dataset.labels()[dataset.rows("train")]).tolist() == [14, 14]


def test_a_manifest_in_hand_is_one_s_own(tmp_path: Path, home: Path) -> None:
    dataset = ingest(table(tmp_path / "x.csv", reviews()), home)
    manifest = dataset.manifest()
    manifest["label"] = 7
    dataset.labels()[:] = 7
    assert set(dataset.labels()) == set(dataset.manifest()["label"]) == {0, 1}


def test_the_same_content_has_the_same_id(tmp_path: Path, home: Path) -> None:
    files = pictures(5)
    first = ingest(zipped(tmp_path / "a.zip", files), home)
    turned = dict(reversed(files.items()))
    again = [
        ingest(zipped(tmp_path / "b.zip", turned, zipfile.ZIP_DEFLATED), home),
        ingest(
            unpacked(tmp_path / "c", {name.replace("cats/", "cats/img"): data for name, data in files.items()}), home
        ),
        ingest(zipped(tmp_path / "d.zip", {f"top/{name}": data for name, data in files.items()}), home),
    ]
    assert {dataset.id for dataset in again} == {first.id}
    assert len(list_datasets(home)) == 1
    assert len(stored(home / "contents")) == 10


@pytest.mark.parametrize("change", ["a class name", "a label", "an image", "one image more"])
def test_other_content_has_another_id(tmp_path: Path, home: Path, change: str) -> None:
    files = pictures(5)
    changed = {
        "a class name": {name.replace("cats", "Cats"): data for name, data in files.items()},
        "a label": {("dogs/9.png" if name == "cats/0.png" else name): data for name, data in files.items()},
        "an image": files | {"cats/0.png": png(77)},
        "one image more": files | {"cats/9.png": png(77)},
    }[change]
    first, second = (ingest(zipped(tmp_path / f"{n}.zip", some), home) for n, some in enumerate((files, changed)))
    assert first.content != second.content
    assert first.id != second.id


def test_another_split_is_another_dataset_over_the_same_files(tmp_path: Path, home: Path) -> None:
    first = ingest(zipped(tmp_path / "x.zip", pictures(9)), home)
    second = resplit(first, SplitRatios(seed=1))
    assert (second.content, second.name, second.source) == (first.content, first.name, first.source)
    assert second.id != first.id
    assert not np.array_equal(second.rows("train"), first.rows("train"))
    assert {dataset.id for dataset in list_datasets(home)} == {first.id, second.id}
    assert len(stored(home / "contents")) == 18


def test_a_resplit_still_says_what_was_left_out(tmp_path: Path, home: Path) -> None:
    first = ingest(zipped(tmp_path / "x.zip", pictures() | {"cats/bad.png": b"bad"}), home)
    second = resplit(first, SplitRatios(seed=1))
    assert second.problems == first.problems
    assert list(second.left_out()["where"]) == ["cats/bad.png"]


def test_added_again_the_newer_report_counts(tmp_path: Path, home: Path) -> None:
    clean = ingest(zipped(tmp_path / "clean.zip", pictures()), home)
    worse = ingest(zipped(tmp_path / "worse.zip", pictures() | {"cats/bad.png": b"bad"}), home)
    assert worse.id == clean.id
    assert [problem.where for problem in load_dataset(home, clean.id).problems] == ["cats/bad.png"]
    better = ingest(tmp_path / "clean.zip", home)
    assert load_dataset(home, clean.id).problems == ()
    assert len(better.left_out()) == 0


def test_load_gives_what_ingest_gave(tmp_path: Path, home: Path) -> None:
    dataset = ingest(zipped(tmp_path / "x.zip", pictures() | {"cats/bad.png": b"bad"}), home, name="Our pets")
    loaded = load_dataset(home, dataset.id)
    assert loaded == dataset
    assert loaded.name == "Our pets"
    assert loaded.manifest().equals(dataset.manifest())


def test_copies_and_contradictions(tmp_path: Path, home: Path) -> None:
    files = pictures() | {"cats/copy.png": pictures()["cats/0.png"], "dogs/odd.png": png(9), "cats/odd.png": png(9)}
    dataset = ingest(zipped(tmp_path / "x.zip", files), home)
    assert dataset.n_samples == 8
    assert {(problem.where, problem.what) for problem in dataset.problems} == {
        ("cats/copy.png", "Left out: an exact copy of another sample of its class."),
        ("2 in all: cats/odd.png, dogs/odd.png", "Left out: the same content under different labels."),
    }
    assert len(stored(home / "contents")) == 8


def test_a_class_with_one_image(tmp_path: Path, home: Path) -> None:
    dataset = ingest(zipped(tmp_path / "x.zip", pictures() | {"birds/0.png": png(9)}), home)
    assert dataset.classes == ("cats", "dogs")
    assert [str(problem) for problem in dataset.problems] == [
        "birds (birds/0.png): Left out: a class with fewer than 3 different samples, one for each of train, val and "
        "test. Add samples, or merge it with another class."
    ]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("at", [1, 30, 60])
def test_an_aborted_ingest_leaves_nothing(tmp_path: Path, home: Path, at: int, error: type[BaseException]) -> None:
    def stop(done: int, total: int) -> None:
        if done == at:
            raise error

    path = zipped(tmp_path / "x.zip", pictures(30))
    with pytest.raises(error):
        ingest(path, home, progress=stop)
    assert stored(home) == []
    assert not list((home / "incoming").iterdir())


def test_progress_counts_every_image(tmp_path: Path, home: Path) -> None:
    seen: list[tuple[int, int]] = []
    ingest(zipped(tmp_path / "x.zip", pictures(20)), home, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(n, 40) for n in range(1, 41)]


def test_nothing_is_left_in_incoming(tmp_path: Path, home: Path) -> None:
    ingest(zipped(tmp_path / "x.zip", pictures()), home)
    assert not list((home / "incoming").iterdir())


@pytest.mark.parametrize("name", ["0" * 12, "../../etc", "", "0" * 11 + "/", "sample:digits"])
def test_no_such_dataset(home: Path, name: str) -> None:
    with pytest.raises(DataError, match=r"^There is no dataset '.*' here; choose another, or add the data again\.$"):
        load_dataset(home, name)


def test_newest_first_and_damaged_ones_skipped(tmp_path: Path, home: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert list_datasets(home) == ()
    first = ingest(table(tmp_path / "a.csv", reviews(4)), home)
    second = ingest(table(tmp_path / "b.csv", reviews(5)), home)
    (home / "datasets" / ("0" * 12)).mkdir()
    broken = home / "datasets" / ("1" * 12)
    broken.mkdir()
    (broken / "dataset.json").write_text(json.dumps({"id": "1" * 12}))
    with caplog.at_level(logging.WARNING, logger="tlcore"):
        assert [dataset.id for dataset in list_datasets(home)] == [second.id, first.id]
    assert "The record of dataset 111111111111 is damaged" in caplog.text


def test_an_image_that_is_gone(tmp_path: Path, home: Path) -> None:
    dataset = ingest(zipped(tmp_path / "x.zip", pictures()), home)
    path = dataset.manifest()["sample"][0]
    (home / "contents" / dataset.content / "files" / path).unlink()
    with pytest.raises(DataError, match=rf"^The image {path} of dataset {dataset.id} is gone from"):
        dataset.sample(0)


def test_a_manifest_that_is_gone(tmp_path: Path, home: Path) -> None:
    dataset = ingest(table(tmp_path / "x.csv", reviews()), home)
    (home / "datasets" / dataset.id / "manifest.parquet").write_bytes(b"")
    with pytest.raises(
        DataError, match=r"^The manifest .*manifest\.parquet cannot be read \(.*\); add the data again\.$"
    ):
        resplit(load_dataset(home, dataset.id), SplitRatios(seed=1))


def test_several_at_once(tmp_path: Path, home: Path) -> None:
    path = zipped(tmp_path / "x.zip", pictures(30))
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: ingest(path, home), range(8)))
    assert len({dataset.id for dataset in made}) == 1
    assert all(isinstance(dataset.sample(0), Image.Image) for dataset in made)
    assert len(stored(home / "contents")) == 60
    assert not list((home / "incoming").iterdir())


INGEST = """
import sys
from pathlib import Path
from tlcore.data import ingest
print(ingest(Path(sys.argv[1]), Path(sys.argv[2])).id)
"""


def test_two_processes_at_once(tmp_path: Path, home: Path) -> None:
    path = zipped(tmp_path / "x.zip", pictures(40))
    command = [sys.executable, "-c", INGEST, str(path), str(home)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[0].strip() for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert said[0] == said[1] == list_datasets(home)[0].id


def test_memory_does_not_grow_with_the_images(tmp_path: Path, home: Path) -> None:
    """200 files of 240 kB are 48 MB."""
    bitmap = encoded(Image.new("RGB", (200, 400)), "BMP")

    def ingested(n: int) -> tuple[Dataset, int]:
        path = zipped(tmp_path / f"{n}.zip", {f"{k % 2}/{k}.bmp": bitmap[:-2] + k.to_bytes(2) for k in range(n)})
        tracemalloc.start()
        try:
            return ingest(path, home), tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    ingested(10)
    (_, few), (dataset, many) = ingested(30), ingested(200)
    assert dataset.n_samples == 200
    assert many - few < 3e6
