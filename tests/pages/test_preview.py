"""The preview on the Data page: what is asked of the engine, what is shown of its answer, and the way to the form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import HOSTILE, Open, image_dataset, parameter, picture, ran, text_dataset, texts
from tlcore.data import Dataset
from tlcore.runs import jobs, preview


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks has the answer when asking returns."""
    assert preview.pictures  # imported ahead: with torch, that takes longer than a page may
    monkeypatch.setattr("ui.data.preview_images.VERSIONS", 3)
    ask = jobs.ask

    def answered(home: Path, kind: str, about: dict[str, Any]) -> jobs.Job:
        ask(home, kind, about)
        jobs.work(home, jobs.place(home, kind, about))
        return jobs.look(home, kind, about)

    monkeypatch.setattr("ui.job.jobs.ask", answered)


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures that take no time to make, where only what is asked counts."""
    monkeypatch.setattr(jobs, "KINDS", {**jobs.KINDS, "preview": f"{__name__}:blank"})


def blank(home: Path, about: dict[str, Any], tell: Any) -> dict[str, Any]:
    folder = jobs.place(home, "preview", about)
    for name in ("seen", "versions", "mixed"):
        (folder / f"{name}.png").write_bytes(picture(0))
    spread = {"low": 0.0, "high": 1.0, "shares": [[1.0]] * 3, "mean": [0.0] * 3, "std": [1.0] * 3}
    of = {"before": spread, "after": spread}
    return {
        "side": 8,
        "resized": [8, 8],
        "evaluation": of,
        "training": of,
        "mixed": [[0.4, 0.6]] if about["augmentation"]["mixup"] else [],
    }


def asked(at: AppTest, kind: str = "preview") -> dict[str, Any]:
    """What was asked last."""
    about: dict[str, Any] = at.session_state[f"asked {kind}"]
    return about


def shown(at: AppTest, name: str) -> dict[str, Any]:
    """The data of the component whose data have this entry, the first in the page."""
    return next(data for data in components(at) if name in data)


def components(at: AppTest) -> list[dict[str, Any]]:
    """The data of all components of the page."""
    return [json.loads(element.proto.json) for element in at.get("bidi_component")]


@pytest.fixture
def pets(home: Path) -> Dataset:
    return image_dataset(home)


@pytest.mark.usefixtures("light")
def test_sliders_make_the_augmentation_and_stay_in_the_url(open_page: Open, home: Path, pets: Dataset) -> None:
    at = open_page("data", view="preview", dataset=pets.id, policy="standard", **{"standard.rotation": "40.0"})
    first = asked(at)
    assert first["augmentation"]["policy"] == "standard" and first["augmentation"]["rotation"] == 40.0
    assert (first["row"], first["seed"], first["shown"], first["n"]) == (int(pets.rows("train")[0]), 0, "epoch", 3)
    at.slider(key="standard.hue").set_value(0.0)
    at.slider(key="mixup").set_value(1.0)
    ran(at)
    assert asked(at)["augmentation"] == first["augmentation"] | {"hue": 0.0, "mixup": 1.0}
    assert parameter(at, "standard.hue") == "0.0"
    assert "Mixed with other images" in texts(at)
    mixed = next(data for data in components(at) if data.get("name", "").endswith("mixed.png"))
    assert mixed["tiles"][2]["caption"] == "40 % cats, 60 % dogs"
    tile = shown(at, "tiles")
    assert [one["caption"] for one in tile["tiles"]] == [f"Epoch {i}" for i in range(1, 4)] and not tile["waits"]
    at.button(key="knobs-reset").click()
    ran(at)
    assert asked(at)["augmentation"].keys() == {"policy", "views", "erasing", "mixup", "cutmix"}


@pytest.mark.usefixtures("light")
def test_the_sample_is_chosen_by_class_and_by_steps(open_page: Open, home: Path, pets: Dataset) -> None:
    at = open_page("data", view="preview", dataset=pets.id)
    at.selectbox(key="sample-class").select(1)
    ran(at)
    dogs = [int(row) for row in pets.rows("train") if pets.labels()[row] == 1]
    assert asked(at)["row"] == dogs[0]
    for key, row in (("sample-next", dogs[1]), ("sample-previous", dogs[0]), ("sample-previous", dogs[-1])):
        at.button(key=key).click()
        ran(at)
        assert int(parameter(at, "row")) == row == asked(at)["row"]
    val = int(pets.rows("val")[0])
    at.selectbox(key="sample-class").select(-1)
    at.query_params["row"] = str(val)
    ran(at)
    assert asked(at)["row"] == val and "in val" in texts(at)
    for wrong in ("9999", "-1", "x"):
        at.query_params["row"] = wrong
        ran(at)
        assert asked(at)["row"] == int(pets.rows("train")[0])


@pytest.mark.usefixtures("light")
def test_the_settings_go_to_the_form_and_back(open_page: Open, home: Path, pets: Dataset) -> None:
    url = {"own.blur": "2.0", "own.crop": "0.5", "aug-seed": "7", "erasing": "0.3"}
    at = open_page("data", view="preview", dataset=pets.id, policy="own", **url)
    at.button(key="use-augmentation").click()
    ran(at)
    at.query_params["strategy"] = "fine_tune"
    at.switch_page("pages/strategy.py")
    ran(at)
    command = at.code[0].value
    for part in (
        "augmentation.policy=own",
        "augmentation.crop=0.5",
        "augmentation.blur=2.0",
        "seed=7",
        "augmentation.erasing=0.3",
    ):
        assert f"--set {part}" in command
    assert "augmentation.rotation" not in command
    link = next(link for link in at.get("page_link") if link.proto.label == "Preview on your images")
    said = link.proto.query_string
    assert all(part in said for part in ("own.blur=2", "own.crop=0.5", "aug-seed=7", "erasing=0.3", "view=preview")), (
        said
    )


def test_a_failure_is_told_and_nothing_else_breaks(
    open_page: Open, home: Path, pets: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "KINDS", {**jobs.KINDS, "preview": f"{__name__}:broken"})
    at = open_page("data", view="preview", dataset=pets.id)
    assert r"went wrong \(ZeroDivisionError\)" in texts(at)


def broken(home: Path, about: Any, tell: Any) -> Any:
    return 1 / 0


def test_tokens_are_told_and_foreign_text_stays_text(open_page: Open, home: Path) -> None:
    dataset = text_dataset(home, classes=HOSTILE[:2])
    row = int(dataset.rows("train")[0])
    at = open_page("data", view="preview", dataset=dataset.id, row=str(row))
    assert asked(at, "tokens") == {"dataset": dataset.id, "row": row, "backbone": "minilm"}
    names = [token["name"] for token in shown(at, "tokens")["tokens"]]
    assert names[:2] == ["[CLS]", "message"] and names[-1] == "[SEP]"
    assert f"All {len(names)} tokens are read" in texts(at)
    at.text_area(key="preview-own-text").set_value("<b>long</b>" + " word" * 300)
    ran(at)
    assert "256 of 310 tokens are read" in texts(at)
    chips = shown(at, "tokens")["tokens"]
    assert [token["text"] for token in chips[1:4]] == ["<", "b", ">"] and not chips[-1]["read"]
    assert np.mean([token["read"] for token in chips]) == pytest.approx(256 / 310)
