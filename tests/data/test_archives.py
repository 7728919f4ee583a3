"""Zips from people one does not know: what is sound is kept, everything else is named, nothing leaves its place."""

import os
import struct
import zipfile
from pathlib import Path

import pytest

from tests.data.bringing import link, pictures, png, zipped
from tlcore.data import Dataset, Limits, ingest
from tlcore.errors import DataError


def left_out(dataset: Dataset) -> dict[str, str]:
    return {str(row["where"]): str(row["why"]) for _, row in dataset.left_out().iterrows()}


def test_class_folders(tmp_path: Path, home: Path) -> None:
    dataset = ingest(zipped(tmp_path / "pets.zip", pictures(5)), home)
    assert (dataset.name, dataset.source, dataset.modality) == ("pets", "pets.zip", "image")
    assert (dataset.classes, dataset.n_samples, dataset.problems) == (("cats", "dogs"), 10, ())
    assert sorted(dataset.manifest()["origin"]) == sorted(pictures(5))


@pytest.mark.parametrize("around", ["pets/", "a/b/c/", "./pets/", "train/"])
def test_folders_around_everything_are_taken_off(tmp_path: Path, home: Path, around: str) -> None:
    files = pictures(5, around=around) | {f"{around.split('/')[0]}/readme.txt": b"hello"}
    assert ingest(zipped(tmp_path / "pets.zip", files), home).classes == ("cats", "dogs")


def test_deeper_folders_belong_to_the_class_above(tmp_path: Path, home: Path) -> None:
    files = {f"{name}/deep/{place}.png": png(hash((name, place)) % 2**32) for name in "ab" for place in range(3)}
    assert ingest(zipped(tmp_path / "x.zip", files), home).classes == ("a", "b")


def test_backslashes_are_folders(tmp_path: Path, home: Path) -> None:
    files = [(name.replace("/", "\\"), data) for name, data in pictures().items()]
    assert ingest(zipped(tmp_path / "x.zip", files), home).classes == ("cats", "dogs")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packing_methods(tmp_path: Path, home: Path, method: int) -> None:
    assert ingest(zipped(tmp_path / "x.zip", pictures(), method), home).n_samples == 8


def test_what_systems_leave_behind_is_ignored_silently(tmp_path: Path, home: Path) -> None:
    junk = ["__MACOSX/cats/._0.png", "cats/.DS_Store", "dogs/Thumbs.db", "dogs/desktop.ini", "cats/._1.png"]
    dataset = ingest(zipped(tmp_path / "x.zip", pictures() | dict.fromkeys(junk, b"junk")), home)
    assert (dataset.n_samples, dataset.problems, len(dataset.left_out())) == (8, (), 0)


@pytest.mark.parametrize(
    "name", ["../escaped.png", "cats/../../escaped.png", "/tmp/escaped.png", "C:\\cats\\escaped.png", "..\\escaped.png"]
)
def test_paths_that_lead_out(tmp_path: Path, home: Path, name: str) -> None:
    dataset = ingest(zipped(tmp_path / "x.zip", pictures() | {name: png(9)}), home)
    assert dataset.n_samples == 8
    assert left_out(dataset) == {name.replace("\\", "/"): "a path that leads out of the zip"}
    assert not list(tmp_path.rglob("*escaped*"))


def test_links_are_not_followed(tmp_path: Path, home: Path) -> None:
    path = zipped(tmp_path / "x.zip", pictures())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link("cats/link.png"), "/etc/passwd")
    dataset = ingest(path, home)
    assert left_out(dataset) == {"cats/link.png": "a link, not a file"}


def test_locked_files(tmp_path: Path, home: Path) -> None:
    path = zipped(tmp_path / "x.zip", pictures() | {"cats/locked.png": png(9)})
    data = bytearray(path.read_bytes())
    start = data.index(b"PK\x01\x02", data.rindex(b"locked.png") - 60)
    data[start + 8] |= 1
    path.write_bytes(data)
    dataset = ingest(path, home)
    assert left_out(dataset) == {"cats/locked.png": "locked with a password"}
    assert "Make the zip without a password." in str(dataset.problems[0])


def test_an_unusual_packing_method(tmp_path: Path, home: Path) -> None:
    path = zipped(tmp_path / "x.zip", pictures() | {"cats/odd.png": png(9)})
    data = bytearray(path.read_bytes())
    start = data.index(b"PK\x01\x02", data.rindex(b"odd.png") - 60)
    data[start + 10 : start + 12] = struct.pack("<H", 9)
    path.write_bytes(data)
    assert left_out(ingest(path, home)) == {"cats/odd.png": "packed with an unusual method (number 9)"}


def test_damaged_within_the_zip(tmp_path: Path, home: Path) -> None:
    path = zipped(tmp_path / "x.zip", pictures() | {"cats/bad.png": png(9)})
    data = path.read_bytes()
    path.write_bytes(data.replace(png(9), png(9)[:-20] + b"x" * 20))
    assert left_out(ingest(path, home)) == {"cats/bad.png": "damaged within the zip"}


def test_one_name_twice(tmp_path: Path, home: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(tmp_path / "x.zip", [*pictures().items(), ("cats/0.png", png(9))])
    dataset = ingest(path, home)
    assert dataset.n_samples == 8
    assert left_out(dataset) == {"cats/0.png": "there twice under one name, the last one is kept"}


def test_a_corrupt_image_among_good_ones(tmp_path: Path, home: Path) -> None:
    bad = {
        "cats/broken.png": png(9)[:50],
        "dogs/empty.png": b"",
        "dogs/notes.txt": b"woof",
        "cats/me.heic": b"ftypheic",
    }
    dataset = ingest(zipped(tmp_path / "x.zip", pictures() | bad), home)
    assert dataset.n_samples == 8
    assert left_out(dataset) == {
        "cats/broken.png": "damaged or cut off",
        "cats/me.heic": "not an image that can be read",
        "dogs/empty.png": "empty (0 bytes)",
        "dogs/notes.txt": "not an image that can be read",
    }
    assert "cats/broken.png: Left out: damaged or cut off. Export or copy the image again." in map(
        str, dataset.problems
    )


def test_many_corrupt_images_are_one_problem_and_all_are_listed(tmp_path: Path, home: Path) -> None:
    bad = {f"cats/bad{number:03d}.png": b"not a picture" for number in range(300)}
    dataset = ingest(zipped(tmp_path / "x.zip", pictures() | bad), home)
    (problem,) = dataset.problems
    assert problem.where.startswith("300 in all: cats/bad000.png, ")
    assert problem.where.endswith("cats/bad019.png and 280 more")
    assert sorted(left_out(dataset)) == sorted(bad)


def test_images_outside_class_folders(tmp_path: Path, home: Path) -> None:
    dataset = ingest(zipped(tmp_path / "x.zip", pictures() | {"logo.png": png(9)}), home)
    assert left_out(dataset) == {"logo.png": "outside any class folder"}


def test_class_names_are_made_safe(tmp_path: Path, home: Path) -> None:
    names = ("cafe\u0301", "line\nbreak\x07", "\u202egnp", "x" * 200)
    dataset = ingest(zipped(tmp_path / "x.zip", pictures(3, names)), home)
    assert dataset.classes[:3] == ("café", "gnp", "line break")
    assert len(dataset.classes[3]) == 80


def test_long_class_names_stay_apart(tmp_path: Path, home: Path) -> None:
    dataset = ingest(zipped(tmp_path / "x.zip", pictures(3, ("x" * 150 + "1", "x" * 150 + "2"))), home)
    assert len(set(dataset.classes)) == 2


def test_utf8_names_without_the_flag(tmp_path: Path, home: Path) -> None:
    path = zipped(tmp_path / "x.zip", pictures(3, ("Mäuse", "Vögel")))
    data = path.read_bytes()
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        parts = data.split(signature)
        data = signature.join([parts[0], *(part[: offset - 4] + b"\0\0" + part[offset - 2 :] for part in parts[1:])])
    path.write_bytes(data)
    assert ingest(path, home).classes == ("Mäuse", "Vögel")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, r"^x\.zip is empty; put the images into one folder per class and zip those folders\.$"),
        ({"cats/": b""}, r"^x\.zip is empty; put the images"),
        (
            pictures(4, ("cats",)),
            r"^x\.zip holds one class only \(cats\), and a classifier needs at least two; add the",
        ),
        (
            {"inner.zip": b"PK", "more/other.tar.gz": b"x"},
            r"^x\.zip holds no image in a class folder \(2 left out, first inner\.zip: an archive within the zip\)",
        ),
        (
            {"a.png": png(1), "b.png": png(2)},
            r"no image in a class folder \(2 left out, first a\.png: outside any class",
        ),
        (
            {"cats/a.txt": b"a", "dogs/b.txt": b"b"},
            r"no image in a class folder \(2 left out, first cats/a\.txt: not an im",
        ),
        (
            {"data/reviews.csv": b"text,label"},
            r"holds no images but a table, data/reviews\.csv; unpack it and bring the",
        ),
        (
            pictures(1) | {f"birds/{n}.png": png(900 + n) for n in range(5)},
            r"^x\.zip holds 3 classes, but only birds has the 3 different samples a class needs; add samples to the "
            r"others \(2 left out, first cats \(cats/0\.png\): a class with fewer than 3 different samples",
        ),
        (pictures(2), r"^x\.zip holds 2 classes, but none has the 3 different samples a class needs"),
    ],
)
def test_what_cannot_be_used(tmp_path: Path, home: Path, files: dict[str, bytes], message: str) -> None:
    with pytest.raises(DataError, match=message):
        ingest(zipped(tmp_path / "x.zip", files), home)
    assert not list(home.glob("*/*"))


@pytest.mark.parametrize("data", [b"PK\x03\x04 and then nothing", b"hello", b"PK\x05\x06" + b"\xff" * 18])
def test_no_zip_at_all(tmp_path: Path, home: Path, data: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(DataError, match=r"^x\.zip is no zip file, or was cut off on its way; upload it again\.$"):
        ingest(tmp_path / "x.zip", home)


def test_zero_bytes(tmp_path: Path, home: Path) -> None:
    (tmp_path / "x.zip").touch()
    with pytest.raises(DataError, match=r"^x\.zip is empty \(0 bytes\); make it again\.$"):
        ingest(tmp_path / "x.zip", home)


def test_cut_off_on_its_way(tmp_path: Path, home: Path) -> None:
    path = zipped(tmp_path / "x.zip", pictures())
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(DataError, match="was cut off on its way"):
        ingest(path, home)


def test_more_files_than_allowed(tmp_path: Path, home: Path) -> None:
    with pytest.raises(DataError, match=r"^x\.zip holds 8 files, 7 are allowed; divide it\.$"):
        ingest(zipped(tmp_path / "x.zip", pictures()), home, limits=Limits(max_files=7))


def test_a_table_of_contents_without_end(tmp_path: Path, home: Path) -> None:
    path = zipped(tmp_path / "x.zip", {f"cats/{'x' * 200}{number}.png": b"" for number in range(6000)})
    with pytest.raises(DataError, match=r"^x\.zip lists too many files; divide it\.$"):
        ingest(path, home, limits=Limits(max_files=10))


def test_more_bytes_than_allowed(tmp_path: Path, home: Path) -> None:
    path = zipped(tmp_path / "x.zip", pictures() | {"cats/zeros.png": bytes(10**6)}, zipfile.ZIP_DEFLATED)
    with pytest.raises(
        DataError, match=r"unpacks to 1,00\d,\d{3} bytes, 1,000,000 are allowed; divide it or scale down\."
    ):
        ingest(path, home, limits=Limits(max_bytes=10**6))


def test_a_zip_bomb(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("cats/bomb.png", "w") as member:
        for _ in range(70):
            member.write(bytes(2**20))
    with pytest.raises(
        DataError, match=r"^bomb\.zip unpacks to 1,0\d\d times its size, as a zip bomb does \(200 times"
    ):
        ingest(path, home)


def test_a_file_that_unpacks_to_more_than_it_declares(tmp_path: Path, home: Path) -> None:
    path = zipped(tmp_path / "x.zip", pictures() | {"cats/liar.png": bytes(10**6)}, zipfile.ZIP_DEFLATED)
    data = path.read_bytes().replace(struct.pack("<I", 10**6), struct.pack("<I", 100))
    path.write_bytes(data)
    assert left_out(ingest(path, home)) == {"cats/liar.png": "damaged within the zip"}


def test_one_file_larger_than_allowed(tmp_path: Path, home: Path) -> None:
    big = {"cats/big.png": png(9, size=64)}
    dataset = ingest(zipped(tmp_path / "x.zip", pictures() | big), home, limits=Limits(max_file_bytes=1000))
    assert left_out(dataset) == {"cats/big.png": "larger than 1,000 bytes"}


def test_one_image_with_more_pixels_than_allowed(tmp_path: Path, home: Path) -> None:
    big = {"cats/big.png": png(9, size=64)}
    dataset = ingest(zipped(tmp_path / "x.zip", pictures() | big), home, limits=Limits(max_pixels=1000))
    assert left_out(dataset) == {"cats/big.png": "more than 1,000 pixels"}


@pytest.mark.parametrize(
    ("name", "message"),
    [("x.xlsx", r"^x\.xlsx is no Excel workbook"), ("x.rar", "of a kind that")],
)
def test_other_kinds_of_file(tmp_path: Path, home: Path, name: str, message: str) -> None:
    path = tmp_path / name
    if name.endswith("xlsx"):
        zipped(path, {"[Content_Types].xml": b"<x/>"})
    else:
        path.write_bytes(b"Rar!")
    with pytest.raises(DataError, match=message):
        ingest(path, home)


def test_a_colon_in_a_folder_s_name_is_no_way_out(tmp_path: Path, home: Path) -> None:
    files = pictures(classes=("10:30", "[a](http:x)"))
    dataset = ingest(zipped(tmp_path / "data.zip", files), home)
    assert set(dataset.classes) == {"10:30", "[a](http:x)"}
    assert left_out(dataset) == {}
