"""Strategy: what is chosen, what it amounts to, and the same outside of the page."""

import json
import shlex
import tomllib
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import HOSTILE, Open, image_dataset, parameter, ran, text_dataset, texts, values
from tlcore.commands.settings import made_of
from tlcore.runs import Studio, jobs
from tlcore.strategies import strategies, strategy
from tlcore.training import Recipe
from tlcore.zoo import backbone


@pytest.fixture(autouse=True)
def no_weights(tmp_path, monkeypatch):
    """Empty caches, whatever this machine holds."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hf"))


DEFAULT_HEAD = 1280 * 256 + 256 + 256 * 2 + 2
"""EfficientNet-Lite0's features to 256 units to two classes, with biases."""


def test_cold_it_asks_for_data_first(open_page: Open) -> None:
    at = open_page("strategy")
    assert "There is no dataset yet" in texts(at)
    at.button(key="go-data").click()
    assert ran(at).title[0].value == "Data"


def test_the_defaults_and_their_parameters(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=image_dataset(home).id)
    record = backbone("efficientnet_lite0")
    total = record.n_params + DEFAULT_HEAD
    share = f"{100 * DEFAULT_HEAD / total:.1f} %"
    assert f"Trainable / total parameters ({share})" in texts(at)
    assert trainable(at) == f"{DEFAULT_HEAD:,} / {total:,}"
    bars, rates = (json.loads(chart.proto.spec) for chart in at.get("plotly_chart"))
    assert list(bars["data"][0]["x"]) == [*record.stage_params, DEFAULT_HEAD]
    assert bars["layout"]["yaxis"]["ticktext"][0] == "conv_stem" and bars["layout"]["yaxis"]["ticktext"][-1] == "head"
    assert [" · frozen" in words for words in bars["data"][0]["text"]] == [True] * len(record.stages) + [False]
    assert [line["name"] for line in rates["data"]] == ["head"], "what is frozen has no rate"
    assert max(rates["data"][0]["y"]) == 1e-3
    assert rates["layout"]["xaxis"]["title"]["text"] == "optimizer step"


def test_the_backbones_fit_the_data(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=image_dataset(home).id)
    words = texts(at)
    options = at.selectbox(key="pick-backbone").options
    assert options[0] == "EfficientNet-Lite0 · weights packaged · 3.4 M parameters"
    assert "ResNet-50 · weights downloadable · 23.5 M parameters" in options
    here = ["weights downloadable" not in option for option in options]
    assert here == sorted(here, reverse=True) and here[0] and not here[-1], "usable ones first"
    assert "224 × 224 pixels" in words and "Apache" in words and "weights packaged" in words
    at = open_page("strategy", dataset=text_dataset(home).id)
    options = at.selectbox(key="pick-backbone").options
    assert options[0].startswith("all-MiniLM-L6-v2") and not any("ResNet" in option for option in options)
    assert "up to 256 tokens" in texts(at)


def test_weights_that_are_not_here_can_be_fetched(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=image_dataset(home).id, backbone="resnet18")
    assert any("are not on this server yet" in warning.value for warning in at.warning)
    at.button(key="ask-download").click()
    ran(at)
    assert [folder.name.partition("-")[0] for folder in jobs.waiting(home)] == ["download"]


def test_a_backbone_for_other_data_is_not_taken(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=text_dataset(home).id, backbone="resnet18")
    assert at.warning[0].value.startswith("ResNet\\-18 reads images, but this dataset holds texts.")
    assert parameter(at, "backbone") == "minilm"


def test_a_plain_linear_head_has_fewer(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=image_dataset(home).id)
    at.radio(key="head-kind").set_value("linear")
    ran(at)
    assert trainable(at).startswith(f"{1280 * 2 + 2:,} / ")


def test_every_choice_is_in_the_recipe_and_in_the_command(open_page: Open, home: Path) -> None:
    dataset = image_dataset(home)
    at = open_page("strategy", dataset=dataset.id)
    at.number_input(key="epochs-feature_extraction").set_value(3)
    at.number_input(key="batch-size").set_value(8)
    at.number_input(key="feature_extraction-image-lr").set_value(0.002)
    at.number_input(key="head-width").set_value(64)
    at.number_input(key="warmup-feature_extraction").set_value(20)
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
    assert made_of(plain | {"strategy": {"name": "feature_extraction"}}, settings) == chosen, "the shell reads the same"


def test_a_batch_above_the_train_split_is_pointed_out(open_page: Open, home: Path) -> None:
    dataset = image_dataset(home)
    n = dataset.counts()["train"].sum()
    at = open_page("strategy", dataset=dataset.id)
    at.number_input(key="batch-size").set_value(4096)
    ran(at)
    batch, steps = at.warning
    assert (
        "The batch is larger than the training split" in batch.value and "every epoch is a single step" in batch.value
    )
    assert "10 epochs of 1 step make 10 in all" in steps.value
    assert f"{n} training samples: 1 step an epoch, 10 in all." in texts(at)
    at.button(key="fix-batch-size").click()
    ran(at)
    assert not at.warning and at.number_input(key="batch-size").value < n


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
    at.number_input(key="epochs-feature_extraction").set_value(7)
    ran(at)
    at.switch_page("pages/home.py")
    ran(at)
    at.switch_page("pages/strategy.py")
    ran(at)
    assert at.number_input(key="epochs-feature_extraction").value == 7


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


def chosen(at: AppTest) -> Recipe:
    """The recipe that the page shows as a file."""
    return Recipe.from_toml(at.code[-1].value)


def trainable(at: AppTest) -> str:
    """Trainable / total, as shown."""
    (shown,) = (element.value for element in at.markdown if element.value.startswith("### "))
    return shown.removeprefix("### ")


def strategy_of(at: AppTest) -> str:
    return at.selectbox(key="pick-strategy").value


def answered(at: AppTest, home: Path, key: str) -> AppTest:
    """Ask for a measurement and let it be made here, for real."""
    at.button(key=f"ask-{key}").click()
    ran(at)
    (folder,) = jobs.waiting(home)
    assert jobs.work(home, folder) == 0, (folder / "failed.json").read_text()
    return ran(at)


def test_every_strategy_draws_its_form_and_its_plan(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=text_dataset(home).id)
    for kind in strategies():
        at.selectbox(key="pick-strategy").select(kind.name)
        ran(at)
        assert not at.error
        made = chosen(at)
        assert made.strategy == strategy(kind.name, "text") and made == Recipe(
            dataset=made.dataset, backbone="minilm", strategy=made.strategy
        )


def test_phases_of_a_strategy_lie_on_a_timeline(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=image_dataset(home).id, strategy="progressive")
    specs = [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]
    (timeline,) = [spec for spec in specs if len(spec["data"]) == 3 and spec["data"][0]["type"] == "bar"]
    assert [list(bar["x"]) for bar in timeline["data"]] == [[5], [5], [10]]
    assert "epochs 11 to 20" in timeline["data"][2]["hovertemplate"]
    at.selectbox(key="phase-3").select_index(0)
    ran(at)
    assert trainable(at).startswith("328,450 /")


def test_phases_of_ones_own_start_from_the_strategy_s(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=image_dataset(home).id, strategy="gradual_unfreezing")
    before = chosen(at)
    at.toggle(key="own-phases").set_value(True)
    ran(at)
    after = chosen(at)
    assert not before.phases and after.epochs == before.epochs
    assert [phase.epochs for phase in after.phases] == [2, 2, 2, 2, 2]
    assert after.phases[0].lrs == {"head": 1e-3}
    assert "python -m tlcore train recipe.toml" in texts(at)


def test_what_would_go_wrong_is_said_and_mended_in_a_click(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=image_dataset(home).id, strategy="fine_tune")
    assert any("The whole network trains on little data" in warning.value for warning in at.warning)
    at.button(key="fix-whole-model").click()
    ran(at)
    assert strategy_of(at) == "feature_extraction"
    assert not any("whole network" in warning.value for warning in at.warning)


def test_an_error_keeps_the_training_from_beginning(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=image_dataset(home).id, strategy="fine_tune")
    at.number_input(key="fine_tune-image-late_lr").set_value(0.5)
    ran(at)
    assert "too high for the pretrained backbone" in at.error[0].value
    assert at.button(key="start").disabled
    at.button(key="fix-backbone-rate").click()
    ran(at)
    assert not at.error and not at.button(key="start").disabled


def test_the_advice_is_measured_and_fills_the_form(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=text_dataset(home).id, strategy="from_scratch")
    answered(at, home, "advice")
    assert "Begin with **Feature extraction" in texts(at) and "tokens of a word" in texts(at)
    assert values(at)["Training samples"] == "14"
    assert any("fewer than 10" in warning.value for warning in at.warning), "what it doubts is said"
    at.button(key="use-advice").click()
    ran(at)
    assert strategy_of(at) == "feature_extraction"


def test_time_and_memory_are_measured(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=text_dataset(home).id)
    answered(at, home, "cost")
    shown = values(at)
    assert shown["Estimated time"].endswith("s") and shown["Memory"].endswith("B")
    assert "ms a step" in texts(at)


def test_the_range_test_suggests_a_rate_that_a_click_takes(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=text_dataset(home).id)
    before = chosen(at).strategy.lr
    answered(at, home, "range")
    times = float(texts(at).partition("group: **")[2].partition(" times")[0])
    at.button(key="use-range").click()
    ran(at)
    after = chosen(at).strategy.lr
    assert after != before and 0.9 < after / min(1.0, before * times) < 1.1


def test_a_recipe_file_fills_the_form(open_page: Open, home: Path) -> None:
    dataset = image_dataset(home)
    wanted = Recipe(
        dataset=dataset.id,
        backbone="efficientnet_lite0",
        strategy=strategy("fine_tune", "image", early_lr=3e-5),
        epochs=4,
        batch_size=8,
        label_smoothing=0.1,
    )
    at = open_page("strategy", dataset=dataset.id)
    at.file_uploader(key="recipe-upload").upload("recipe.toml", wanted.to_toml().encode(), "application/toml")
    ran(at)
    at.button(key="recipe-use").click()
    ran(at)
    assert chosen(at) == wanted


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00", "not text"),
        (b"strategy = [", "not valid TOML"),
        (b'dataset = "d"\nbackbone = "resnet-9000"', "no backbone called"),
        (b'dataset = "d"\nbackbone = "minilm"', "for texts"),
        (b"a" * 300_000, "300,000 bytes"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_with_a_sentence(
    open_page: Open, home: Path, content: bytes, said: str
) -> None:
    at = open_page("strategy", dataset=image_dataset(home).id)
    before = chosen(at)
    at.file_uploader(key="recipe-upload").upload("recipe.toml", content, "application/toml")
    ran(at)
    assert "recipe-use" not in [button.key for button in at.button]
    assert any(said in error.value for error in at.error), [error.value for error in at.error]
    assert chosen(at) == before


def test_adapters_are_counted_in_the_background(open_page: Open, home: Path) -> None:
    at = open_page("strategy", dataset=text_dataset(home).id, strategy="lora")
    (folder,) = jobs.waiting(home)
    assert jobs.work(home, folder) == 0
    ran(at)
    adapters = 6 * 2 * 8 * (384 + 384)
    assert trainable(at).startswith(f"{adapters + 384 * 256 + 256 + 256 * 2 + 2:,} / ")
