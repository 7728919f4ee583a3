"""Ways in beside a zip and a csv: tars, several files at once, images with a table, folders of the server."""

import io
import json
import os
import tarfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from tests.data.bringing import Files, encoded, pictures, png, reviews, table, unpacked, zipped
from tlcore.data import Columns, Dataset, Limits, ingest, inspect_table
from tlcore.data.ingestion import survey
from tlcore.data.roots import allowed, browse, roots
from tlcore.errors import DataError


def tarred(path: Path, files: Files, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def left_out(dataset: Dataset) -> dict[str, str]:
    return {str(row["where"]): str(row["why"]) for _, row in dataset.left_out().iterrows()}


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tgz", "tar.bz2", "tar.xz", "tar.zst", "zip"])
def test_a_tar_is_as_good_as_a_zip(tmp_path: Path, home: Path, ending: str) -> None:
    same = ingest(zipped(tmp_path / "z.zip", pictures()), home)
    mode = {"tar.gz": "w:gz", "tgz": "w:gz", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}.get(ending, "w")
    path = tarred(tmp_path / f"pets.{ending}", pictures(around="pets/"), mode)
    if ending == "tar.zst":
        path.write_bytes(pa.compress(path.read_bytes(), "zstd", asbytes=True))
    dataset = ingest(path, home)
    assert (dataset.id, dataset.name, dataset.source) == (same.id, "z", path.name), "known, so its name stays"
    assert not list((home / "incoming").iterdir())


def test_what_a_tar_may_not_hold(tmp_path: Path, home: Path) -> None:
    path = tarred(tmp_path / "x.tar", pictures() | {"../out.png": png(1), "/abs.png": png(2), "cats/in.zip": b"PK"})
    with tarfile.open(path, "a") as archive:
        for name, kind in (("cats/link.png", tarfile.SYMTYPE), ("cats/hard.png", tarfile.LNKTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        device = tarfile.TarInfo("cats/device.png")
        device.type = tarfile.CHRTYPE
        archive.addfile(device)
    dataset = ingest(path, home)
    assert dataset.n_samples == 8
    assert left_out(dataset) == {
        "../out.png": "a path that leads out of the archive",
        "/abs.png": "a path that leads out of the archive",
        "cats/in.zip": "an archive within the archive",
        "cats/link.png": "a link, not a file",
        "cats/hard.png": "a link, not a file",
        "cats/device.png": "a device or a sparse file",
    }
    assert not (tmp_path / "out.png").exists()


def test_a_compressed_tar_is_bounded_while_it_is_unpacked(tmp_path: Path, home: Path) -> None:
    bomb = tarred(tmp_path / "x.tar.gz", {"cats/bomb.png": bytes(2**24)}, "w:gz")
    with pytest.raises(DataError, match=r"^x\.tar\.gz unpacks to more than the 1,000,000 bytes allowed"):
        ingest(bomb, home, limits=Limits(max_bytes=10**6))
    big = tarred(tmp_path / "y.tar.gz", {"cats/bomb.png": bytes(70 * 2**20)}, "w:gz")
    with pytest.raises(DataError, match=r"^y\.tar\.gz unpacks to more than 200 times its size, as a bomb does"):
        ingest(big, home)
    assert not list((home / "incoming").iterdir())


def test_a_tar_that_was_cut_off(tmp_path: Path, home: Path) -> None:
    path = tarred(tmp_path / "x.tar.gz", pictures(), "w:gz")
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(DataError, match=r"^x\.tar\.gz is damaged, or was cut off on its way; upload it again\.$"):
        ingest(path, home)


def test_several_archives_are_one_dataset(tmp_path: Path, home: Path) -> None:
    whole = ingest(zipped(tmp_path / "whole.zip", pictures()), home)
    files = pictures()
    odd = {name: data for name, data in files.items() if name[-5] in "13"}
    even = {f"more/stuff/{name}": data for name, data in files.items() if name[-5] in "02"}
    assert ingest([zipped(tmp_path / "a.zip", odd), tarred(tmp_path / "b.tar", even)], home).id == whole.id


def test_an_archive_without_folders_is_a_class_and_one_called_test_is_a_split(tmp_path: Path, home: Path) -> None:
    flat = [
        zipped(tmp_path / f"{name}.zip", {path.split("/")[1]: data for path, data in pictures(4, (name,)).items()})
        for name in ("cats", "dogs")
    ]
    flat[1] = zipped(flat[1], {f"{n}.png": png(500 + n) for n in range(4)})
    assert ingest(flat, home).classes == ("cats", "dogs")
    parts = [
        zipped(
            tmp_path / f"{split}.zip",
            {f"{c}/{n}.png": png(1000 * s + 100 * (c == "b") + n) for c in "ab" for n in range(4)},
        )
        for s, split in enumerate(("train", "val", "test"))
    ]
    dataset = ingest(parts, home)
    assert dataset.split is None and dataset.classes == ("a", "b")
    assert dataset.counts()[["train", "val", "test"]].to_numpy().tolist() == [[4, 4, 4]] * 2
    assert set(dataset.manifest()["origin"]) >= {"train.zip/a/0.png", "test.zip/b/3.png"}


LABELS = "filename,species,patient,split\n"


def listed(n: int = 12) -> tuple[dict[str, bytes], str]:
    files = {f"images/{i:03d}.png": png(i) for i in range(n)}
    splits = ["train", "train", "val", "test"]
    rows = "".join(f"{i:03d}.png,{'cat' if i % 2 else 'dog'},p{i // 3},{splits[i // 2 % 4]}\n" for i in range(n))
    return files, LABELS + rows


def test_a_table_in_the_archive_says_the_labels(tmp_path: Path, home: Path) -> None:
    files, rows = listed()
    path = zipped(tmp_path / "x.zip", files | {"labels.csv": rows.encode()})
    found = survey(path, home)
    assert (found.kind, found.table_name, found.n_images) == ("listed", "labels.csv", 12)
    assert found.table is not None
    assert found.table.guess == Columns(text="filename", label="species", split="split", group="patient")
    dataset = ingest(path, home)
    assert (dataset.classes, dataset.n_samples, dataset.split) == (("cat", "dog"), 12, None)
    manifest = dataset.manifest().set_index("origin")
    assert manifest.loc["images/004.png", ["split", "group"]].tolist() == ["val", "p1"]
    by_group = ingest(path, home, columns=Columns(text="filename", label="patient"))
    assert by_group.classes == ("p0", "p1", "p2", "p3")


@pytest.mark.parametrize("style", ["{}", "images/{}", "./images/{}", "images\\{}", "{}.png", "top/images/{}"])
def test_file_names_are_found_however_they_are_written(tmp_path: Path, home: Path, style: str) -> None:
    files, _ = listed()
    names = [style.format(name.removeprefix("images/").removesuffix(".png")) for name in files]
    rows = "file;class\n" + "".join(f"{name};{'x' if i % 2 else 'y'}\n" for i, name in enumerate(names))
    around = {f"top/{name}": data for name, data in files.items()}
    dataset = ingest(zipped(tmp_path / "x.zip", around | {"top/list.csv": rows.encode()}), home)
    assert (dataset.n_samples, dataset.classes, dataset.problems) == (12, ("x", "y"), ())


def test_a_table_beside_loose_images_and_what_does_not_match(tmp_path: Path, home: Path) -> None:
    files, rows = listed()
    folder = unpacked(tmp_path / "in", {name.removeprefix("images/"): data for name, data in files.items()})
    (folder / "extra.png").write_bytes(png(99))
    labels = table(folder / "labels.csv", rows + "gone.png,cat,p9,train\n000.png,cat,p0,train\n001.png,,p0,train\n")
    dataset = ingest([*sorted(folder.glob("*.png")), labels], home, name="scans")
    assert (dataset.name, dataset.n_samples) == ("scans", 12)
    assert left_out(dataset) == {
        "line 14": "names an image that is not there",
        "line 15": "names a file that another row has already",
        "line 16": "the label is empty",
        "extra.png": "an image that labels.csv does not name",
    }


def test_folders_can_be_taken_although_a_table_is_there(tmp_path: Path, home: Path) -> None:
    rows = "file,colour\n" + "".join(f"{name},{'red' if i % 2 else 'blue'}\n" for i, name in enumerate(pictures()))
    path = zipped(tmp_path / "x.zip", pictures() | {"list.csv": rows.encode()})
    assert ingest(path, home).classes == ("blue", "red")
    assert ingest(path, home, folders=True).classes == ("cats", "dogs")


ROWS = [
    {"text": f"{label} thing number {i}", "label": label, "split": ["train", "val", "test"][i % 3], "user_id": i // 2}
    for i in range(9)
    for label in ("good", "bad")
]


def written(path: Path) -> Path:
    frame = pd.DataFrame(ROWS)
    if path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    elif path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.name == "columns.json":
        path.write_text(json.dumps(frame.to_dict("list")))
    elif path.suffix == ".json":
        path.write_text(json.dumps({"data": ROWS} if path.name == "nested.json" else ROWS))
    else:
        path.write_text("\n".join(map(json.dumps, ROWS)))
    return path


@pytest.mark.parametrize(
    "name", ["t.csv", "t.xlsx", "t.json", "nested.json", "columns.json", "t.jsonl", "t.ndjson", "t.parquet"]
)
def test_every_format_of_table_is_the_same_dataset(tmp_path: Path, home: Path, name: str) -> None:
    path = written(tmp_path / name)
    found = inspect_table(path)
    assert found.guess == Columns(text="text", label="label", split="split", group="user_id")
    assert found.preview["user_id"].tolist()[:3] == ["0", "0", "0"]
    dataset = ingest(path, home)
    assert (dataset.n_samples, dataset.classes, dataset.split) == (18, ("bad", "good"), None)
    (problem,) = dataset.problems
    assert "Groups with samples in more than one of your splits" in problem.what
    manifest = dataset.manifest().set_index("sample")
    assert manifest.loc["good thing number 4", ["split", "group"]].tolist() == ["val", "2"]
    assert ingest(path, home, columns=Columns(text="text", label="label")).split is not None


def test_a_row_whose_split_is_unknown_is_named(tmp_path: Path, home: Path) -> None:
    rows = "".join(f"text {i},{'ab'[i % 2]},{['train', 'val', 'test'][i % 3]}\n" for i in range(18))
    path = table(tmp_path / "x.csv", "text,label,part\n" + rows + "more,a,holdout\n")
    dataset = ingest(path, home, columns=Columns(text="text", label="label", split="part"))
    assert left_out(dataset) == {"line 20": "its split is none of train, val and test"}


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("x.json", b'{"a": 1}', r"^x\.json holds no list of objects"),
        ("x.json", b"[" * 100_000, r"^x\.json is no JSON that can be read"),
        ("x.json", b'["a", "b"]', r"^x\.json has no objects with two values"),
        ("x.jsonl", b"hello\nthere\n", r"^x\.jsonl has no objects with two values"),
        ("x.parquet", b"PAR1 and no more", r"^x\.parquet is no Parquet file, or is damaged; export it again\.$"),
        ("x.xlsx", b"\xd0\xcf\x11\xe0 an old one", r"^x\.xlsx is no Excel workbook that can be read\."),
        ("x.csv", b"PAR1....", r"^x\.csv is a Parquet file, not a table of text"),
        ("x.bin", b"hello", r"^x\.bin is of a kind that is not read; bring a zip or tar"),
    ],
)
def test_a_file_that_is_not_what_its_name_says(
    tmp_path: Path, home: Path, name: str, data: bytes, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        ingest(table(tmp_path / name, data), home)


def test_a_workbook_is_bounded_and_declares_nothing(tmp_path: Path, home: Path) -> None:
    path = written(tmp_path / "t.xlsx")
    with pytest.raises(DataError, match=r"^t\.xlsx unpacks to [\d,]+ bytes, which is too much"):
        ingest(path, home, limits=Limits(max_table_bytes=path.stat().st_size))
    entity = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    with pytest.raises(DataError, match=r"^e\.xlsx declares XML entities, which no Excel workbook does"):
        ingest(zipped(tmp_path / "e.xlsx", {"xl/workbook.xml": entity}), home)


def test_a_row_far_away_and_a_size_that_is_a_lie_cost_nothing(tmp_path: Path, home: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [("text", "label"), *((f"text {i}", "ab"[i % 2]) for i in range(8))]:
        sheet.append(row)
    sheet["XFD1"] = "far right"
    sheet.cell(row=1_048_576, column=1, value="far below")
    book.save(tmp_path / "x.xlsx")
    dataset = ingest(tmp_path / "x.xlsx", home)
    assert dataset.n_samples == 8 and left_out(dataset) == {"row 1048576": "the label is empty"}


def test_several_tables_at_once_are_refused(tmp_path: Path, home: Path) -> None:
    paths = [table(tmp_path / name, reviews()) for name in ("a.csv", "b.csv")]
    with pytest.raises(DataError, match=r"^a\.csv, b\.csv are 2 tables; bring one, then add the others"):
        ingest(paths, home)


def test_folders_of_the_server_are_closed_unless_opened(tmp_path: Path) -> None:
    inside, outside = tmp_path / "open", tmp_path / "secret"
    unpacked(inside, {"pets/cats/1.png": png(1), "t.csv": b"x", ".hidden/x": b""})
    unpacked(outside, {"key.csv": b"x"})
    (inside / "way-out").symlink_to(outside)
    (inside / "link.csv").symlink_to(outside / "key.csv")
    assert roots({}) == () and roots({"TLSTUDIO_DATA_ROOTS": f"{inside}:{tmp_path / 'gone'}"}) == (inside,)
    found = browse(inside, (inside,))
    assert [path.name for path in (*found.folders, *found.files)] == ["pets", "t.csv"]
    for path in (outside, inside / "way-out", inside / ".." / "secret", inside / "link.csv", Path("/etc")):
        with pytest.raises(DataError, match="lies outside the folders that are open here; the operator opens more"):
            allowed(path, (inside,))
    with pytest.raises(DataError, match="There is no .*nowhere on the server"):
        allowed(inside / "nowhere", (inside,))


def test_a_link_out_of_an_open_folder_is_not_read(tmp_path: Path, home: Path) -> None:
    folder = unpacked(tmp_path / "pets", pictures())
    (tmp_path / "secret.png").write_bytes(png(77))
    (folder / "cats" / "link.png").symlink_to(tmp_path / "secret.png")
    assert left_out(ingest(folder, home, inside_only=True)) == {"cats/link.png": "a link that leads out of the folder"}


def test_a_heic_as_a_telephone_makes_it(tmp_path: Path, home: Path) -> None:
    import pillow_heif
    from PIL import Image

    pillow_heif.register_heif_opener()
    files = {
        f"{c}/{i}.heic": encoded(Image.new("RGB", (64, 48), (40 * i, 90 * (c == "a"), 9)), "HEIF")
        for c in "ab"
        for i in range(3)
    }
    dataset = ingest(zipped(tmp_path / "x.zip", files), home)
    assert dataset.n_samples == 6 and dataset.problems == ()
    sample = dataset.sample(0)
    assert not isinstance(sample, str) and sample.size == (64, 48)


@pytest.mark.parametrize("start", [b"\x1f\x8b\x08\x00", b"BZh9", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"])
def test_a_compressed_archive_of_rubbish_is_a_sentence(tmp_path: Path, home: Path, start: bytes) -> None:
    for number, rest in enumerate((b"\x00" * 500, b"\xff" * 500, bytes(range(256)))):
        path = tmp_path / f"{number}.tar.gz"
        path.write_bytes(start + rest)
        with pytest.raises(DataError, match=r"^\d\.tar\.gz is (damaged|no tar archive), or was cut off on its way"):
            ingest(path, home)
        assert not list((home / "incoming").iterdir())
