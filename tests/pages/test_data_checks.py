"""The checks of a dataset on the Data page: asked for by opening them, shown, and mended in a click."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import Open, parameter, ran, texts, zipped
from tlcore.data import Dataset, ingest, list_datasets, load_dataset
from tlcore.runs import jobs


def jpeg(number: int, size: int = 64) -> bytes:
    """Coarse noise, another one for each number."""
    import numpy as np

    pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).resize((size, size), Image.Resampling.NEAREST).save(out, "JPEG", quality=90)
    return out.getvalue()


def pets(home: Path) -> Dataset:
    """Two classes, one of whose images is blank, another tiny."""
    files = {f"{name}/{i}.jpg": jpeg(100 * n + i) for n, name in enumerate(("cats", "<b>dogs")) for i in range(10)}
    blank = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(blank, "PNG")
    files |= {"cats/blank.png": blank.getvalue(), "cats/tiny.jpg": jpeg(900, 16), "cats/tiny2.jpg": jpeg(901, 16)}
    (home / "pets.zip").write_bytes(zipped(files))
    return ingest(home / "pets.zip", home, name="pets.zip")


def checked(at: AppTest, home: Path) -> AppTest:
    """The page once the nursery has answered what it asked for."""
    (folder,) = jobs.waiting(home)
    assert jobs.lane(folder) == "checks" and jobs.work(home, folder) == 0
    return ran(at)


def test_opening_the_view_starts_the_checks_and_then_shows_them(open_page: Open, home: Path) -> None:
    data = pets(home)
    at = open_page("data", dataset=data.id, view="checks")
    assert "Waiting for its turn" in texts(at)
    words = texts(checked(at, home))
    assert "2 problems found" in words
    assert "1 nearly blank image" in words and "2 too small images" in words
    assert "<b>" not in words.replace("\\<b\\>", "")
    assert len(at.get("plotly_chart")) == 3
    (passed,) = (one for one in at.markdown if "Leakage between splits" in one.value)
    assert "green" in passed.value


def test_a_fix_makes_a_version_without_what_is_ticked_and_undo_goes_back(open_page: Open, home: Path) -> None:
    data = pets(home)
    at = checked(open_page("data", dataset=data.id, view="checks"), home)
    (row,) = (row for row, origin in enumerate(data.manifest()["origin"]) if origin == "cats/tiny2.jpg")
    at.checkbox(key=f"drop-too_small-{row}-{data.id}").uncheck()
    ran(at)
    (fix,) = (one for one in at.button if one.key and one.key.startswith("fix-too_small"))
    fix.click()
    ran(at)
    made = load_dataset(home, parameter(at, "dataset"))
    assert made.parent == data.id and made.n_samples == data.n_samples - 1
    origins = set(made.manifest()["origin"])
    assert "cats/tiny2.jpg" in origins and "cats/tiny.jpg" not in origins
    assert made.change == "Left out 2 too small images, 1 other kept."
    at.button(key="undo-fix").click()
    ran(at)
    assert parameter(at, "dataset") == data.id
    assert [one.id for one in list_datasets(home)] == [data.id], "no run had used what was made"


def test_cancelled_checks_wait_to_be_asked_again(open_page: Open, home: Path) -> None:
    at = open_page("data", dataset=pets(home).id, view="checks")
    at.button(key="cancel-checks").click()
    ran(at)
    assert not jobs.waiting(home)
    at.button(key="ask-checks").click()
    ran(at)
    assert len(jobs.waiting(home)) == 1
