"""Models: what is shown, what a link reproduces, and what each action leads to."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.pages.conftest import APP, HOSTILE, Open, image_dataset, parameter, ran, text_dataset, texts, values
from tlcore.runs import jobs
from tlcore.zoo import backbone, backbones, weights_state
from ui import zoo_charts
from ui.models import BATCH_SIZES, place


@pytest.fixture(autouse=True)
def no_weights(tmp_path, monkeypatch):
    """Empty caches, whatever this machine holds."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hf"))


def table(at, column="family"):
    """The rows of the table that has this column, as they are shown."""
    return next(one.value for one in at.dataframe if column in one.value)


def chart(at, key):
    """A figure as Plotly gets it."""
    found = next(one for one in at.get("plotly_chart") if one.proto.id.endswith(key))
    return json.loads(found.proto.spec)


def worked(home: Path) -> None:
    """Answer what the page has asked for, here instead of in a process of its own."""
    for folder in jobs.waiting(home):
        (folder / "began").touch()
        jobs.work(home, folder)


def measured(home: Path, name: str, ms: float = 40.0) -> None:
    """A measurement as the job leaves it: training takes three times as long, and the largest batch was left out."""
    about = {"backbone": name, "batch_sizes": list(BATCH_SIZES), "place": place()}
    readings = [
        {
            "mode": mode,
            "batch_size": size,
            "seconds": None if left_out else times * size * ms / 1000,
            "n": 0 if left_out else 5,
            "memory": None if left_out else times * 100 * 2**20,
            "note": "Left out: one pass would take about 2 min." if left_out else "",
        }
        for mode, times in (("inference", 1), ("training", 3))
        for size in BATCH_SIZES
        for left_out in [mode == "training" and size == BATCH_SIZES[-1]]
    ]
    where = {"device": "cpu", "on": "Old CPU", "torch": "9.9", "threads": 2, "tokens": 0, "precision": "float32"}
    folder = home / "jobs" / jobs.ask(home, "speed", about).id
    (folder / "answer.json").write_text(
        json.dumps({"readings": readings, "busy": 0.5, "at": time.time() - 7200, **where})
    )


def test_all_image_models_with_their_figures(open_page: Open) -> None:
    at = open_page("models")
    rows = table(at)
    assert len(rows) == len(backbones("image")) and f"{len(rows)} of {len(backbones())} models" in texts(at)
    assert list(rows["weights"][:3]) == ["packaged"] * 3 and set(rows["weights"][3:]) == {"downloadable"}
    row = rows[rows["name"] == "resnet50"].iloc[0]
    record = backbone("resnet50")
    assert (row["title"], row["family"], row["input"], row["licence"]) == ("ResNet-50", "ResNet", 224, "BSD-3-Clause")
    assert row["params"] == pytest.approx(23.508, abs=1e-3) and row["gflops"] == record.gflops
    assert row["top1"] == record.metrics["imagenet_top1"] and row["recipe"].startswith("https://")
    assert "ms" not in rows, "nothing was measured yet"
    assert "Select a row or a point" in texts(at)


def test_text_models_have_no_accuracy_on_images(open_page: Open) -> None:
    at = open_page("models", modality="text")
    rows = table(at)
    assert set(rows["name"]) == {record.name for record in backbones("text")} and "top1" not in rows
    assert "ImageNet accuracy says nothing of them" in texts(at)
    bars = chart(at, "text-sizes")["data"]
    record = backbone("minilm")
    assert [bar["x"][0] for bar in bars] == [record.stage_params[0], sum(record.stage_params[1:])]


def test_a_link_reproduces_the_view(open_page: Open) -> None:
    at = open_page("models", family="ResNet,VGG", q="1 res", largest="50", x="size", weights="downloadable")
    assert set(table(at)["name"]) == {"resnet18", "resnet101", "resnet152"} - {"resnet152"}
    assert at.multiselect(key="family").value == ["ResNet", "VGG"]
    assert (at.text_input(key="q").value, at.select_slider(key="largest").value) == ("1 res", "50")
    drawn = chart(at, "models-scatter")
    assert drawn["layout"]["xaxis"]["title"]["text"] == "MB"


def test_choices_go_into_the_link_and_defaults_do_not(open_page: Open) -> None:
    at = open_page("models")
    at.multiselect(key="family").set_value(["Swin", "ViT"])
    ran(at)
    at.segmented_control(key="x").set_value("params")
    ran(at)
    at.select_slider(key="largest").set_value("100")
    ran(at)
    assert (parameter(at, "family"), parameter(at, "x"), parameter(at, "largest")) == ("Swin,ViT", "params", "100")
    at.multiselect(key="family").set_value([])
    at.segmented_control(key="x").set_value("gflops")
    ran(at)
    assert "family" not in at.query_params and "x" not in at.query_params and "modality" not in at.query_params


def test_nothing_fits_and_the_way_back(open_page: Open) -> None:
    at = open_page("models", q="no such thing", family="VGG")
    assert "No model is like that" in texts(at) and not at.get("plotly_chart")
    at.button(key="clear-filters").click()
    assert len(table(ran(at))) == len(backbones("image")) and "q" not in at.query_params


def test_a_search_without_a_match_leads_to_the_other_kind(open_page: Open) -> None:
    at = open_page("models", q="distilbert")
    assert at.button(key="other-kind").label == "Show the 1 that reads texts"
    at.button(key="other-kind").click()
    assert table(ran(at))["name"].tolist() == ["distilbert-base-uncased"]
    assert parameter(at, "modality") == "text"


@pytest.mark.parametrize("evil", HOSTILE)
def test_what_a_link_says_is_shown_as_it_is(open_page: Open, evil: str) -> None:
    at = open_page("models", model=evil, x=evil, family=evil, compare=evil, modality=evil, largest=evil)
    assert any("There is no model" in warning.value for warning in at.warning)
    assert at.segmented_control(key="x").value == "gflops" and at.segmented_control(key="modality").value == "image"
    assert open_page("models", q=evil).text_input(key="q").value == evil


def test_what_a_model_is_made_of(open_page: Open, home: Path) -> None:
    at = open_page("models", model="resnet50")
    assert "Reading its structure" in texts(at)
    worked(home)
    words = texts(ran(at))
    assert "`fc` is a Linear from **2,048** features to 1,000 classes (2,049,000 parameters)" in words
    assert "53 BatchNorm layers hold 53,120 parameters" in words
    assert "Resize the shorter side to **232** pixels, bilinear" in words and "**0.485, 0.456, 0.406**" in words
    assert "Automatic: **36** modules" in words and "Attention: nothing" in words
    stages = table(at, "stage")
    assert list(stages["stage"]) == ["conv1", "layer1", "layer2", "layer3", "layer4"]
    assert list(stages["norms"]) == [1, 10, 13, 19, 10] and stages["output"].iloc[-1] == "2048 × 7 × 7"
    boxes = chart(at, "modules-chart")["data"][0]
    assert boxes["values"][0] == 25_557_032 and "layer3.0" in boxes["ids"]
    assert boxes["marker"]["colors"][boxes["ids"].index("fc")] == zoo_charts.ORANGE
    shown = values(at)
    assert (shown["ImageNet top-1 (%)"], shown["Parameters"], shown["Reads"]) == ("80.9", "23.5 M", "224 × 224 px")


def test_an_inspection_that_fails_says_why(open_page: Open, home: Path, monkeypatch) -> None:
    at = open_page("models", model="resnet18")
    (folder,) = jobs.waiting(home)
    (folder / "failed.json").write_text(json.dumps({"reason": "It has no *classifier*."}))
    assert any("classifier" in error.value for error in ran(at).error)
    at.button(key="inspect-again").click()
    assert "Reading its structure" in texts(ran(at)) and jobs.waiting(home)


def test_the_last_model_is_remembered(open_page: Open) -> None:
    at = open_page("models", model="vgg16")
    for page in ("data", "models"):
        at.switch_page(f"pages/{page}.py")
        ran(at)
    assert parameter(at, "model") == "vgg16"


def test_up_to_four_are_compared(open_page: Open) -> None:
    at = open_page("models", model="vgg16", compare="resnet18,resnet50,nonsense,resnet18")
    at.button(key="compare-model").click()
    assert parameter(ran(at), "compare") == "resnet18,resnet50,vgg16"
    (facts,) = at.table
    shown = facts.value
    assert list(shown.columns) == ["ResNet-18", "ResNet-50", "VGG-16"]
    assert list(shown.loc["Parameters (M)"]) == ["11.2", "23.5", "134.3"]
    assert "One sample here (ms)" not in shown.index, "a fact that none has is left out"
    at.button(key="remove-resnet18").click()
    assert parameter(ran(at), "compare") == "resnet50,vgg16"
    at.button(key="uncompare").click()
    assert parameter(ran(at), "compare") == "resnet50" and not at.table
    at.button(key="remove-resnet50").click()
    assert "compare" not in ran(at).query_params


def test_a_fifth_is_refused(open_page: Open) -> None:
    four = "resnet18,resnet34,resnet50,resnet101"
    at = open_page("models", model="vgg16", compare=four)
    at.button(key="compare-model").click()
    assert parameter(ran(at), "compare") == four
    assert at.toast[0].value == "Up to 4 models are compared at a time: remove one of them first."


def test_differences_are_marked_and_the_better_value_more(open_page: Open, home: Path) -> None:
    from ui.comparison import BEST, OTHER, shades

    assert shades([71.0, 80.0, None], max) == [OTHER, BEST, OTHER]
    assert shades([5.0, 2.0], min) == [OTHER, BEST]
    assert shades([4.0, None], min) == [OTHER, OTHER], "nothing to be better than"
    assert shades(["a", "b"], None) == [OTHER, OTHER] and shades([1, 1], max) == ["", ""]


def test_use_goes_on_to_strategy_with_data_that_it_reads(open_page: Open, home: Path) -> None:
    pictures, letters = image_dataset(home), text_dataset(home)
    at = open_page("strategy", dataset=letters.id)
    at.switch_page("pages/models.py")
    at.query_params["model"] = "efficientnet_lite1"
    ran(at).button(key="use-model").click()
    assert ran(at).title[0].value == "Strategy"
    assert (parameter(at, "backbone"), parameter(at, "dataset")) == ("efficientnet_lite1", pictures.id)
    assert at.selectbox(key="pick-backbone").value == "efficientnet_lite1"
    assert not any("but this dataset holds" in warning.value for warning in at.warning)


def test_use_without_data_asks_for_it(open_page: Open) -> None:
    at = open_page("models", model="minilm")
    at.button(key="use-model").click()
    assert "There is no dataset yet" in texts(ran(at))


def test_weights_that_are_here_need_no_download(open_page: Open) -> None:
    at = open_page("models", model="efficientnet_lite0")
    assert "Installed with pip" in texts(at)
    assert not [button for button in at.button if button.key == "ask-download"]


def test_a_download_without_a_network(open_page: Open, home: Path, monkeypatch) -> None:
    def offline(*args, **kwargs):
        raise OSError("Network is unreachable")

    at = open_page("models", model="resnet18")
    assert "45 MiB from torchvision's server" in texts(at)
    at.button(key="ask-download").click()
    ran(at)
    monkeypatch.setattr("tlcore.zoo.download.urlopen", offline)
    worked(home)
    (error,) = ran(at).error
    assert "The download of ResNet\\-18 failed" in error.value and "Network is unreachable" in error.value
    assert at.button(key="ask-download").label == "Download", "it can be tried again"


def test_a_download_that_succeeds(open_page: Open, home: Path, monkeypatch) -> None:
    import io

    class Answer(io.BytesIO):
        headers = {"Content-Length": "4"}  # noqa: RUF012

    record = backbone("resnet18")
    monkeypatch.setattr("tlcore.zoo.download.urlopen", lambda *args, **kwargs: Answer(b"data"))
    monkeypatch.setattr("tlcore.zoo.download.HASH", __import__("re").compile("never"))
    at = open_page("models", model=record.name)
    at.button(key="ask-download").click()
    ran(at)
    worked(home)
    ran(at)
    assert weights_state(record, home).kind == "cached" and "In a cache of this machine" in texts(at)


def brought(at, home: Path, state, name: str = "mine.safetensors"):
    """Upload a state dict as weights of the model that is shown."""
    from safetensors.torch import save

    (box,) = [one for one in at.file_uploader if one.key.startswith("uploader")]
    box.upload(name, save(state), "application/octet-stream")
    ran(at)
    worked(home)
    return ran(at)


def test_an_upload_is_reported_key_by_key(open_page: Open, home: Path) -> None:
    from torchvision.models import shufflenet_v2_x0_5, shufflenet_v2_x1_0

    at = open_page("models", model="shufflenet_v2_x0_5")
    brought(at, home, shufflenet_v2_x1_0().state_dict())
    assert any("does not fit" in error.value for error in at.error)
    rows = table(at, "what")
    wrong = rows[rows["what"] == "other shape"]
    assert len(wrong) > 50 and (wrong.iloc[0]["file"], wrong.iloc[0]["model"]) == ("58 × 24 × 1 × 1", "24 × 24 × 1 × 1")
    assert weights_state(backbone("shufflenet_v2_x0_5"), home).kind == "downloadable"

    brought(at, home, shufflenet_v2_x0_5().state_dict())
    assert any("has all" in success.value for success in at.success)
    assert set(table(at, "what")["what"]) == {"matched", "classifier: left out"}
    assert weights_state(backbone("shufflenet_v2_x0_5"), home).kind == "uploaded"
    assert not any((home / "incoming").glob("*/*")), "the file is kept once"

    at.button(key="remove-weights").click()
    ran(at)
    assert weights_state(backbone("shufflenet_v2_x0_5"), home).kind == "downloadable"


def test_a_file_of_a_larger_model_is_pointed_out(open_page: Open, home: Path) -> None:
    import torch
    from torchvision.models import squeezenet1_1

    state = squeezenet1_1().state_dict() | {"features.99.weight": torch.zeros(1)}
    at = brought(open_page("models", model="squeezenet1_1"), home, state)
    assert any("1 tensors of the file have no place" in warning.value for warning in at.warning)


def test_a_model_is_added_by_its_name(open_page: Open, home: Path) -> None:
    at = open_page("models")
    at.text_input(key="add-name").set_value("resnet10t")
    at.button(key="add-model").click()
    assert "Adding **resnet10t**" in texts(ran(at))
    worked(home)
    ran(at)
    assert parameter(at, "model") == "resnet10t" and "resnet10t" in set(table(at)["name"])


def test_an_unknown_name_is_refused_with_those_like_it(open_page: Open, home: Path) -> None:
    at = open_page("models")
    at.text_input(key="add-name").set_value("resnet55")
    at.button(key="add-model").click()
    ran(at)
    worked(home)
    (error,) = ran(at).error
    assert "There is no backbone called" in error.value and "resnet5" in error.value
    at.button(key="dismiss-add").click()
    assert not ran(at).error


def test_what_was_measured_is_shown_beside_what_is_published(open_page: Open, home: Path) -> None:
    measured(home, "resnet18")
    at = open_page("models", model="resnet18", x="latency", compare="resnet18,resnet34")
    rows = table(at, "use")
    assert list(rows["ms"][:3]) == [40.0, 320.0, 1280.0] and list(rows["rate"][:3]) == [25.0, 25.0, 25.0]
    assert rows["mib"].iloc[3] == 300 and rows["note"].iloc[-1] == "Left out: one pass would take about 2 min."
    words = texts(at)
    assert "2 hours ago on Old CPU, float32, torch 9\\.9" in words and "Published: 1.81 GFLOPs an image" in words
    assert "Others took 50 % of the processor" in words
    bars = chart(at, "speed-chart")["data"]
    assert [list(bar["y"]) for bar in bars] == [[25.0] * 3, pytest.approx([25 / 3, 25 / 3, None])]
    dots = next(trace for trace in chart(at, "models-scatter")["data"] if trace["name"] == "ResNet")
    assert (list(dots["x"]), dots["customdata"][0][0]) == ([40.0], "resnet18")
    listed = table(at)
    assert listed[listed["name"] == "resnet18"]["ms"].iloc[0] == 40.0
    assert list(at.table[0].value.loc["One sample here (ms)"]) == ["40.0", "–"]


def test_measured_on_another_machine_does_not_count(open_page: Open, home: Path, monkeypatch) -> None:
    measured(home, "resnet18")
    monkeypatch.setattr("ui.models.machine", lambda: type("Other", (), {"place": "elsewhere"})())
    import streamlit as st

    st.cache_data.clear()
    at = open_page("models", model="resnet18", x="latency")
    assert "None of these was measured on this server yet" in at.info[0].value
    assert at.button(key="ask-speed").label == "Measure on this server"


def test_measuring_is_asked_for_and_asked_again(open_page: Open, home: Path) -> None:
    at = open_page("models", model="resnet18")
    at.button(key="ask-speed").click()
    assert "Waiting for its turn" in texts(ran(at))
    measured(home, "resnet18")
    ran(at).button(key="measure-again").click()
    assert "Waiting for its turn" in texts(ran(at))


def test_points_are_full_where_weights_are_here(open_page: Open) -> None:
    at = open_page("models", family="EfficientNet-Lite,VGG", model="vgg11")
    traces = {trace.get("name"): trace for trace in chart(at, "models-scatter")["data"]}
    assert not any("open" in symbol for symbol in traces["EfficientNet-Lite"]["marker"]["symbol"])
    assert all("open" in symbol for symbol in traces["VGG"]["marker"]["symbol"])
    assert traces["Pareto front"]["y"] == sorted(traces["Pareto front"]["y"])
    assert chart(at, "models-scatter")["layout"]["annotations"][0]["text"] == "<b>VGG-11</b>"


def test_colours_stay_when_families_are_filtered_away(open_page: Open) -> None:
    few, many = (chart(open_page("models", **filters), "models-scatter")["data"] for filters in ({"family": "VGG"}, {}))
    assert [trace["name"] for trace in few] == [trace["name"] for trace in many]


def test_the_front_is_what_no_other_beats() -> None:
    points = [(4.0, 80.0), (1.0, 60.0), (2.0, 75.0), (3.0, 70.0), (2.0, 76.0), (9.0, 80.0)]
    assert zoo_charts.front(points) == [1, 4, 0]


def test_the_page_loads_no_torch(home: Path) -> None:
    code = (
        "import sys\nfrom streamlit.testing.v1 import AppTest\nfrom tlcore.runs import launcher\n"
        "launcher.ensure = lambda home: None\n"
        f"at = AppTest.from_file({str(APP)!r}, default_timeout=60).run()\n"
        "at.switch_page('pages/models.py')\nat.query_params['model'] = 'resnet50'\n"
        "at.query_params['compare'] = 'resnet18,vgg16'\nat.run()\n"
        "assert not at.exception and at.title[0].value == 'Models'\nprint('torch' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=APP.parent, capture_output=True, text=True, check=False)
    assert ended.stdout.strip() == "False", ended.stderr[-2000:]
