"""Bytes made to confuse: each is a dataset or one sentence, nothing leaves the home, nothing is left over."""

import io
import tarfile
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.bringing import pictures, zipped
from tlcore.data import ingest
from tlcore.errors import DataError

SUFFIXES = ("zip", "tar", "tar.gz", "csv", "xlsx", "json", "jsonl", "parquet")


def bring(data: bytes, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        home, path = Path(name) / "home", Path(name) / f"x.{suffix}"
        home.mkdir()
        path.write_bytes(data)
        try:
            ingest(path, home)
        except DataError as error:
            assert str(error)
        assert {one.name for one in Path(name).iterdir()} == {"home", path.name}
        assert not list(home.glob("incoming/*"))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.binary(max_size=600), suffix=st.sampled_from(SUFFIXES))
def test_random_bytes(data: bytes, suffix: str) -> None:
    bring(data, suffix)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(at=st.integers(0, 5000), junk=st.binary(min_size=1, max_size=12), kind=st.sampled_from(("zip", "tar")))
def test_mutated_archives(at: int, junk: bytes, kind: str) -> None:
    if kind == "zip":
        with tempfile.TemporaryDirectory() as name:
            data = bytearray(zipped(Path(name) / "x.zip", pictures()).read_bytes())
    else:
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w") as archive:
            for name, content in pictures().items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        data = bytearray(file.getvalue())
    at %= len(data)
    data[at : at + len(junk)] = junk
    bring(bytes(data), kind)
