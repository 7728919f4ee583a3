"""Strategy: what is chosen, what it amounts to, and the same outside of the page."""

import json
import shlex
import tomllib
from pathlib import Path

from tests.pages.conftest import HOSTILE, Open, image_dataset, parameter, ran, text_dataset, texts, values
from tlcore.__main__ import _made
from tlcore.runs import Studio
from tlcore.training import Recipe
from tlcore.zoo import backbone

DEFAULT_HEAD = 1280 * 256 + 256 + 256 * 2 + 2
"""EfficientNet-Lite0's features to 256 units to two classes, with biases."""


def test_cold_it_asks_for_data_first(open_page: Open) -> None:
    at = open_page("strategy")
    assert "There is no dataset yet" in texts(at)
    at.button(key="go-data").click()
    assert ran(at).title[0].value == "Data"


def test_the_defaults_and_their_parameters(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=image_dataset(home).id)
    frozen = backbone("efficientnet_lite0").n_params
    total = frozen + DEFAULT_HEAD
    share = f"{100 * DEFAULT_HEAD / total:.1f} %"
    assert values(at)[f"Trainable / total parameters ({share})"] == f"{DEFAULT_HEAD:,} / {total:,}"
    bars, rates = (json.loads(chart.proto.spec) for chart in at.get("plotly_chart"))
    assert list(bars["data"][0]["x"]) == [DEFAULT_HEAD, frozen]
    assert list(bars["data"][0]["y"]) == ["Head, trains", "Backbone, frozen"]
    assert max(rates["data"][0]["y"]) == 1e-3
    assert rates["layout"]["xaxis"]["title"]["text"] == "optimizer step"


def test_the_backbones_fit_the_data(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=image_dataset(home).id)
    words = texts(at)
    assert "EfficientNet-Lite0" in at.selectbox(key="pick-backbone").options
    assert "224 × 224 pixels" in words and "Apache" in words and "weights packaged" in words
    at = open_page("strategy", dataset=text_dataset(home).id)
    assert at.selectbox(key="pick-backbone").options == ["all-MiniLM-L6-v2"]
    assert "up to 256 tokens" in texts(at)


def test_a_plain_linear_head_has_fewer(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=image_dataset(home).id)
    at.radio(key="head-kind").set_value("linear")
    ran(at)
    (shown,) = (value for name, value in values(at).items() if name.startswith("Trainable"))
    assert shown.startswith(f"{1280 * 2 + 2:,} / ")


def test_every_choice_is_in_the_recipe_and_in_the_command(open_page: Open, home: Path) -> None:
    dataset = image_dataset(home)
    at = open_page("strategy", dataset=dataset.id)
    at.number_input(key="epochs").set_value(3)
    at.number_input(key="batch-size").set_value(8)
    at.number_input(key="feature_extraction-lr").set_value(0.002)
    at.number_input(key="head-width").set_value(64)
    at.number_input(key="schedule-warmup").set_value(20)
    ran(at)
    command, recipe = (element.value for element in at.code)
    chosen = Recipe.from_dict(tomllib.loads(recipe))
    assert (chosen.epochs, chosen.batch_size, chosen.head.hidden, chosen.schedule.warmup) == (3, 8, (64,), 0.2)
    assert command.startswith(f"python -m tlcore train --data {dataset.id} --backbone efficientnet_lite0")
    assert "--strategy feature_extraction --epochs 3" in command
    for setting in ("batch_size=8", "strategy.lr=0.002", "head.hidden=[64]", "schedule.warmup=0.2"):
        assert f"--set {setting}" in command.replace("'", ""), command
    assert "seed" not in command, "defaults are not repeated"
    words = shlex.split(command)
    settings = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
    plain = {"dataset": dataset.id, "backbone": "efficientnet_lite0", "epochs": 3}
    assert _made(plain | {"strategy": {"name": "feature_extraction"}}, settings) == chosen, "the shell reads the same"


def test_a_batch_above_the_train_split_is_pointed_out(open_page: Open, home: Path) -> None:
    dataset = image_dataset(home)
    n = dataset.counts()["train"].sum()
    at = open_page("strategy", dataset=dataset.id)
    at.number_input(key="batch-size").set_value(4096)
    ran(at)
    (warning,) = at.warning
    assert warning.value == (
        f"The batch of 4,096 is larger than the {n} training samples: every epoch is a single step."
    )
    assert f"{n} training samples: 1 step an epoch, 10 in all." in texts(at)
    at.number_input(key="batch-size").set_value(int(n) - 1)
    ran(at)
    assert not at.warning and "2 steps an epoch" in texts(at)


def test_choices_are_radio_buttons_that_survive(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=image_dataset(home).id)
    assert at.radio(key="head-kind").options == ["One hidden layer", "Plain linear"]
    assert at.radio(key="head-kind").value == "mlp"
    at.radio(key="head-kind").set_value("linear")
    ran(at)
    for page in ("home", "strategy"):
        at.switch_page(f"pages/{page}.py")
        ran(at)
    assert at.radio(key="head-kind").value == "linear"


def test_augmentation_is_for_images_and_asks_for_views(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=image_dataset(home).id)
    at.selectbox(key="augmentation-policy").select("standard")
    ran(at)
    at.number_input(key="augmentation-views").set_value(3)
    ran(at)
    assert "--set augmentation.policy=standard --set augmentation.views=3" in at.code[0].value
    at = open_page("strategy", dataset=text_dataset(home).id)
    assert "augmentation-policy" not in [box.key for box in at.selectbox]


def test_choices_survive_a_change_of_page(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=image_dataset(home).id)
    at.number_input(key="epochs").set_value(7)
    ran(at)
    at.switch_page("pages/home.py")
    ran(at)
    at.switch_page("pages/strategy.py")
    ran(at)
    assert at.number_input(key="epochs").value == 7


def test_start_queues_a_run_and_shows_it(open_page: Open, home: Path, studio: Studio) -> None:
    dataset = image_dataset(home)
    at = open_page("strategy", dataset=dataset.id)
    at.button(key="start").click()
    ran(at)
    (run,) = studio.runs()
    assert at.title[0].value == "Train"
    assert parameter(at, "run") == run.id
    assert Recipe.from_dict(run.recipe) == Recipe(dataset=dataset.id, backbone="efficientnet_lite0")


def test_hostile_names_are_only_words(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=text_dataset(home, HOSTILE).id)
    assert at.button(key="start").label == "Start training"
