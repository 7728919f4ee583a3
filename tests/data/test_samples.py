"""The datasets that come with the studio."""

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from tlcore.data import SAMPLES, Dataset, SplitRatios, add_sample, list_datasets
from tlcore.errors import DataError


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return add_sample("digits", tmp_path_factory.mktemp("home"))


def test_the_samples_are_what_they_say(digits: Dataset, home: Path) -> None:
    made = {"digits": digits} | {s.name: add_sample(s.name, home) for s in SAMPLES if s.name != "digits"}
    assert list(made) == ["digits", "messages"]
    for sample in SAMPLES:
        dataset = made[sample.name]
        assert (dataset.n_samples, len(dataset.classes)) == (sample.n_samples, sample.n_classes)
        assert (dataset.name, dataset.modality, dataset.note) == (sample.title, sample.modality, sample.note)
        assert (dataset.source, dataset.problems) == (f"sample:{sample.name}", ())


def test_digits_are_scikit_learn_s(digits: Dataset) -> None:
    assert digits.classes == tuple("0123456789")
    manifest = digits.manifest()
    assert sorted(set(np.concatenate([np.unique(np.asarray(digits.sample(row))) for row in range(50)])))[-1] == 255
    for row in (0, 900, 1796):
        source = int(manifest["origin"][row].removesuffix(".png").rpartition("-")[2])
        image = digits.sample(row)
        assert isinstance(image, Image.Image)
        expected = 255 - np.pad(np.rint(load_digits().images[source] * 255 / 16), 4)
        assert np.array_equal(np.asarray(image)[..., 0], expected)
        assert digits.classes[digits.labels()[row]] == str(load_digits().target[source])


def test_sources_are_named() -> None:
    notes = {sample.name: sample.note for sample in SAMPLES}
    assert "scikit-learn" in notes["digits"]
    assert "UCI Machine Learning Repository" in notes["digits"]
    assert "written by the TL Studio project for demonstration" in notes["messages"]


def test_adding_twice_is_instant(digits: Dataset) -> None:
    begun = time.perf_counter()
    assert add_sample("digits", digits.home) == digits
    assert time.perf_counter() - begun < 0.1
    assert list_datasets(digits.home) == (digits,)


def test_another_split(home: Path) -> None:
    first, second = add_sample("messages", home), add_sample("messages", home, SplitRatios(seed=1))
    assert first.id != second.id
    assert first.content == second.content


def test_an_unknown_sample(home: Path) -> None:
    with pytest.raises(DataError, match=r"^There is no sample 'cats'; there are digits, messages\.$"):
        add_sample("cats", home)
