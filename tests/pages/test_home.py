"""Home: what this is, what the server has, where to begin and to go on."""

import gc
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import APP, HOSTILE, Open, image_dataset, make_run, parameter, ran, text_dataset, texts
from tlcore.data import list_datasets
from tlcore.runs import Studio, launcher
from tlcore.shelf import shelf
from ui import start
from ui.words import size


def test_cold_it_says_what_it_is_and_what_to_do(open_page: Open) -> None:
    at = open_page("home")
    assert at.title[0].value == "TL Studio"
    words = texts(at)
    assert "train a classifier on top of a pretrained model" in words
    assert "Trains on" in words and "cores" in words and "memory free" in words
    assert "1,797 images in 10 classes" in words
    assert "written by" in words.lower()
    assert words.count("None yet.") == 2
    assert at.button(key="bring").label == "Upload data"


def test_one_click_takes_a_sample_to_the_data_page(open_page: Open, home: Path) -> None:
    at = open_page("home")
    at.button(key="use-digits").click()
    ran(at)
    (dataset,) = list_datasets(home)
    assert at.title[0].value == "Data"
    assert parameter(at, "dataset") == dataset.id


def test_a_returning_user_goes_on(open_page: Open, home: Path, studio: Studio) -> None:
    dataset = image_dataset(home)
    run = make_run(studio, "Pets at night", status="finished", test_accuracy=0.912)
    at = open_page("home")
    words = texts(at)
    assert "20 samples, 2 classes" in words
    assert "test 91.2 %" in words and "finished" in words
    at.button(key=f"open-run-{run.id}").click()
    ran(at)
    assert at.title[0].value == "Train"
    assert parameter(at, "run") == run.id
    at = open_page("home")
    at.button(key=f"open-dataset-{dataset.id}").click()
    ran(at)
    assert at.title[0].value == "Data"


def test_what_does_not_fit_is_one_link_away(open_page: Open, home: Path, studio: Studio) -> None:
    for i in range(5):
        text_dataset(home, (f"good {i}", f"bad {i}"), each=3)
        make_run(studio, status="finished")
    assert not open_page("home").get("page_link")
    text_dataset(home, each=3)
    make_run(studio, status="finished")
    assert [link.proto.label for link in open_page("home").get("page_link")] == ["All runs", "All 6 datasets"]


def test_hostile_names_are_only_names(open_page: Open, studio: Studio) -> None:
    for name in HOSTILE:
        make_run(studio, name, status="finished")
    at = open_page("home")
    labels = [button.label for button in at.button if button.key and button.key.startswith("open-run")]
    assert len(labels) == 5
    assert not any("<b>" in name or "[l]" in name or ":red" in name for name in labels)


def test_the_server_draws_it_without_torch() -> None:
    code = (
        "import sys\nfrom streamlit.testing.v1 import AppTest\nimport ui.start\nui.start.start = lambda: None\n"
        f"at = AppTest.from_file({str(APP)!r}, default_timeout=30).run()\n"
        "assert at.title[0].value == 'TL Studio', at\n"
        "heavy = {'torch', 'transformers', 'timm', 'sklearn'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=APP.parent, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_nursery_is_warmed_once_and_after_the_first_page(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []

    class Later:
        def __init__(self, seconds: float, work: Callable[[], None]) -> None:
            self.seconds, self.work = seconds, work

        def start(self) -> None:
            done.append(self.seconds)
            self.work()

    monkeypatch.setattr("ui.start.Timer", Later)
    monkeypatch.setattr(launcher, "ensure", done.append)
    monkeypatch.setattr(gc, "freeze", lambda: done.append("frozen"))
    start._once()
    start._once()
    assert done == [start.WARM_AFTER, home, "frozen"]


def test_an_unexpected_error_is_one_sentence(
    open_page: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("tlcore.device.machine", broken)
    at: AppTest = open_page("home")
    (error,) = at.error
    assert "Something went wrong" in error.value and "secret" not in error.value
    assert "ZeroDivisionError: secret detail" in caplog.text
    mark = caplog.records[-1].getMessage().split()[-1]
    assert mark in error.value


def test_what_is_kept_is_shown_and_can_be_cleared(open_page: Open, home: Path) -> None:
    assert "Kept to save time" not in texts(open_page("home"))
    folder, holding = shelf(home, "features").place({"content": "c"}, lambda made: fill(made))
    os.close(holding)
    at = open_page("home")
    assert [expander.label for expander in at.expander] == [f"Kept to save time: {size(124 * 1024)}"]
    assert "in 1 table" in texts(at)
    assert at.button(key="clear-pixels").disabled
    at.button(key="clear-features").click()
    ran(at)
    assert not folder.exists()
    assert len(at.expander) == 0


def fill(folder: Path) -> None:
    (folder / "values.npy").write_bytes(os.urandom(120_000))
