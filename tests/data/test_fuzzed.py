"""Sound files spoilt a little, and names made to lead astray: a dataset or one sentence, nothing outside the home."""

from __future__ import annotations

import io
import tarfile
import zipfile
from contextlib import nullcontext

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.data.bringing import encoded, png
from tests.data.test_hostile import bring
from tlcore.data.images import SUFFIXES, check_image, decode_image
from tlcore.data.limits import Limits
from tlcore.data.problems import Rejected
from tlcore.errors import DataError

QUICK = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
PARTS = st.sampled_from(
    ("..", ".", "C:", "\\", "a\x00b", "\x1b[31m", "<script>", "=cmd()", "\u202egpj", "~", "con", "x" * 300, "cats", "")
)
NAMES = st.tuples(st.lists(PARTS, max_size=5), st.booleans()).map(
    lambda drawn: ("/" if drawn[1] else "") + "/".join([*drawn[0], "1.png"])
)


def spoilt(data: bytes, at: int, junk: bytes) -> bytes:
    place = at % len(data)
    return data[:place] + junk + data[place + len(junk) :]


def written(kind: str) -> bytes:
    image = Image.effect_mandelbrot((24, 20), (-2, -1, 1, 1), 20).convert("RGB")
    return encoded(image, kind)


@pytest.mark.parametrize("kind", [kind for kind in SUFFIXES if kind not in ("HEIF", "MPO")])
def test_spoilt_images(kind: str) -> None:
    whole = written(kind)
    assert check_image(whole, Limits(), nullcontext) == SUFFIXES[kind]

    @QUICK
    @given(at=st.integers(0, 5_000), junk=st.binary(min_size=1, max_size=9))
    def spoil(at: int, junk: bytes) -> None:
        data = spoilt(whole, at, junk)
        try:
            check_image(data, Limits(), nullcontext)
        except Rejected as rejected:
            assert rejected.reason
            with pytest.raises(DataError):
                decode_image(io.BytesIO(data))
        else:
            assert decode_image(io.BytesIO(data)).mode == "RGB"

    spoil()


@pytest.mark.parametrize("suffix", ["xlsx", "parquet"])
def test_spoilt_tables(suffix: str) -> None:
    import pandas as pd

    file = io.BytesIO()
    rows = pd.DataFrame([{"text": f"text {i}", "label": "ab"[i % 2]} for i in range(12)])
    rows.to_excel(file, index=False) if suffix == "xlsx" else rows.to_parquet(file, index=False)

    @settings(QUICK, max_examples=25)
    @given(at=st.integers(0, 50_000), junk=st.binary(min_size=1, max_size=9))
    def spoil(at: int, junk: bytes) -> None:
        bring(spoilt(file.getvalue(), at, junk), suffix)

    spoil()


@QUICK
@given(names=st.lists(NAMES, min_size=1, max_size=6, unique=True), kind=st.sampled_from(("zip", "tar")))
def test_names_that_lead_astray(names: list[str], kind: str) -> None:
    file = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(file, "w") as packed:
            for place, name in enumerate(names):
                packed.writestr(zipfile.ZipInfo(name), png(place))
    else:
        with tarfile.open(fileobj=file, mode="w") as tape:
            for place, name in enumerate(names):
                info = tarfile.TarInfo(name)
                info.size = len(png(place))
                tape.addfile(info, io.BytesIO(png(place)))
    bring(file.getvalue(), kind)
