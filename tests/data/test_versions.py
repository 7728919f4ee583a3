"""A dataset grows, is renamed, is deleted; a table for a spreadsheet holds no formulas."""

from pathlib import Path

import pandas as pd
import pytest

from tests.data.bringing import pictures, reviews, table, zipped
from tlcore.data import ingest, list_datasets, load_dataset
from tlcore.data.growth import grow
from tlcore.data.spreadsheet import safe
from tlcore.data.versions import lineage, remove, rename
from tlcore.errors import DataError


def test_more_images_make_a_version_that_knows_its_parent(tmp_path: Path, home: Path) -> None:
    first = ingest(zipped(tmp_path / "x.zip", pictures()), home)
    made = grow(first, zipped(tmp_path / "more.zip", pictures(4, ("cats", "owls"), seed=500)), name="more.zip")
    assert (made.n_samples, made.classes) == (16, ("cats", "dogs", "owls"))
    assert made.change == "Added 8 images from more.zip." and lineage(made) == (first, made)
    assert all(made.sample(row) is not None for row in range(16))
    with pytest.raises(DataError, match=r"Everything in x\.zip is in 'x' already; nothing was added\."):
        grow(first, tmp_path / "x.zip")
    with pytest.raises(DataError, match="'x' holds images; bring images, or make another dataset of this"):
        grow(first, table(tmp_path / "x.csv", reviews()))


def test_a_new_name_and_an_end(tmp_path: Path, home: Path) -> None:
    first = ingest(zipped(tmp_path / "x.zip", pictures()), home)
    made = grow(first, zipped(tmp_path / "more.zip", pictures(seed=500)))
    assert rename(first, " Pets\n").name == "Pets" and load_dataset(home, first.id).name == "Pets"
    with pytest.raises(DataError, match="A dataset needs a name"):
        rename(first, " \x07 ")
    remove(first)
    assert [one.id for one in list_datasets(home)] == [made.id] and lineage(made) == (made,)
    assert not (home / "contents" / first.content).exists()
    assert all(made.sample(row) is not None for row in range(made.n_samples)), "its files are its own"


def test_cells_like_formulas_show_as_they_are() -> None:
    frame = pd.DataFrame({"=where": ["=1+1", "@x", "-2", "fine"], "n": [1, -2, 3, 4]})
    assert safe(frame).to_csv(index=False).splitlines() == ["'=where,n", "'=1+1,1", "'@x,-2", "'-2,3", "fine,4"]
