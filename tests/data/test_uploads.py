"""Files on their way in, and the names a source goes by."""

import io
import os
import time
from pathlib import Path

import pytest

import tlcore.data
from tests.data.bringing import pictures, reviews, table, zipped
from tlcore.data import Limits, SplitRatios, add_sample, ingest, receive, resolve
from tlcore.errors import DataError


class Pipe(io.RawIOBase):
    """A stream that cannot go back, read in bounded pieces."""

    def __init__(self, n_bytes: int) -> None:
        self.left, self.largest = n_bytes, 0

    def seekable(self) -> bool:
        return False

    def read(self, size: int = -1, /) -> bytes:
        self.largest = max(self.largest, size)
        given = min(size, self.left) if size >= 0 else self.left
        self.left -= given
        return bytes(given)


def test_an_upload_is_copied_from_its_start(home: Path) -> None:
    stream = io.BytesIO(b"hello")
    stream.read()
    path = receive(stream, "pets.zip", home)
    assert (path.name, path.read_bytes()) == ("pets.zip", b"hello")
    assert path.is_relative_to(home / "incoming")


def test_two_uploads_of_one_name_stay_apart(home: Path) -> None:
    paths = [receive(io.BytesIO(data), "x.csv", home) for data in (b"1", b"2")]
    assert [path.read_bytes() for path in paths] == [b"1", b"2"]


def test_it_is_copied_in_pieces(home: Path) -> None:
    pipe = Pipe(5 * 2**20 + 3)
    assert receive(pipe, "x.zip", home).stat().st_size == 5 * 2**20 + 3  # type: ignore[arg-type]
    assert pipe.largest == 2**20


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\pets.zip", "pets.zip"),
        ("a\x00b\n.zip", "ab .zip"),
        ("..", "upload"),
        ("", "upload"),
        ('we<ir>d:"|?*.csv', "we_ir_d_____.csv"),
        ("x" * 300 + ".zip", "x" * 96 + ".zip"),
        ("model.v2.safetensors", "model.v2.safetensors"),
        ("ü" * 300 + ".zip", "ü" * 48 + ".zip"),
    ],
)
def test_names_are_made_safe(home: Path, name: str, safe: str) -> None:
    path = receive(io.BytesIO(b"x"), name, home)
    assert path.name == safe
    assert path.parent.parent == home / "incoming"


@pytest.mark.parametrize("stream", [io.BytesIO(bytes(2_000)), Pipe(2_000)])
def test_larger_than_allowed(home: Path, stream: io.BytesIO) -> None:
    with pytest.raises(DataError, match=r"^x\.zip has more than 1,000 bytes, which is what is allowed; divide it\.$"):
        receive(stream, "x.zip", home, Limits(max_bytes=1_000))
    assert not list((home / "incoming").iterdir())


def test_what_was_forgotten_goes_after_two_days(home: Path) -> None:
    old, new = (receive(io.BytesIO(b"x"), "x.zip", home) for _ in range(2))
    (home / "incoming" / "stray").touch()
    for path in (old.parent, home / "incoming" / "stray"):
        os.utime(path, (time.time() - 3 * 86_400,) * 2)
    last = receive(io.BytesIO(b"x"), "x.zip", home)
    assert {path.name for path in (home / "incoming").iterdir()} == {new.parent.name, last.parent.name}


def test_an_upload_becomes_a_dataset_of_its_name(tmp_path: Path, home: Path) -> None:
    data = zipped(tmp_path / "x.zip", pictures()).read_bytes()
    dataset = ingest(receive(io.BytesIO(data), "pets.zip", home), home, name="pets.zip")
    assert (dataset.name, dataset.source) == ("pets", "pets.zip")


def test_a_sample_by_name(home: Path) -> None:
    assert resolve("sample:messages", home) == add_sample("messages", home)
    with pytest.raises(DataError, match="There is no sample 'nothing'"):
        resolve("sample:nothing", home)


def test_a_dataset_by_its_id(tmp_path: Path, home: Path) -> None:
    dataset = ingest(table(tmp_path / "x.csv", reviews()), home)
    assert resolve(dataset.id, home) == dataset
    again = resolve(dataset.id, home, split=SplitRatios(seed=3))
    assert again.split == SplitRatios(seed=3)
    assert again.content == dataset.content


def test_a_path_and_twice_is_once(tmp_path: Path, home: Path) -> None:
    path = str(table(tmp_path / "x.csv", reviews()))
    first, second = resolve(path, home), resolve(path, home)
    assert (first.id, first.name) == (second.id, "x")
    assert resolve(path, home, name="Reviews").name == "x", "what is known keeps its name"


@pytest.mark.parametrize("source", ["nowhere.zip", "0" * 12, "http://example.org/x.zip"])
def test_none_of_these(home: Path, source: str) -> None:
    with pytest.raises(
        DataError, match=r"^There is no file, folder or dataset '.*'; give a path, a dataset's id, sample:"
    ):
        resolve(source, home)


def test_the_public_names() -> None:
    assert tlcore.data.__all__ == sorted(tlcore.data.__all__, key=lambda name: (not name.isupper(), name))
    assert all(hasattr(tlcore.data, name) for name in tlcore.data.__all__)
