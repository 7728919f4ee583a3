"""The LoRA calculator: its numbers, its links, what it refuses, and the way into a training."""

import json
from pathlib import Path

import pytest

from tests.pages.conftest import HOSTILE, Open, image_dataset, parameter, ran, text_dataset, texts, values
from tlcore.adapters.configuration import keep
from tlcore.adapters.presets import presets
from tlcore.device import Gpu, Machine
from tlcore.runs import jobs
from tlcore.zoo import backbones

TINY = {
    "model_type": "llama",
    "hidden_size": 32,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 88,
    "num_hidden_layers": 2,
    "vocab_size": 64,
}


def answered(home: Path) -> None:
    """What the nursery would do, in this process."""
    for folder in jobs.waiting(home):
        (folder / "began").touch()
        jobs.work(home, folder)


def charts(at) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]


def test_it_opens_on_a_preset_and_counts_at_once(open_page: Open) -> None:
    at = open_page("lora")
    assert parameter(at, "model") == "llama-7b"
    assert values(at)["Trainable"] == "4,194,304" and values(at)["Reduction"] == "1,607 ×"
    assert values(at)["Share"] == "0.0622 %" and values(at)["Adapter file"] == "16 MiB"
    assert "4,194,304 of 6,742,609,920 parameters train; 6,738,415,616 are the model's own" in texts(at).replace(
        "\\", ""
    )
    options = at.selectbox(key="pick-model").options
    assert len(options) == len(presets()) + len(backbones())


def test_a_link_shows_the_same_view(open_page: Open) -> None:
    at = open_page("lora", model="bert-base", rank="16", where="attention", dora="true", batch="4", bias="lora_only")
    layers, h, r = 12, 768, 16
    assert values(at)["Trainable"] == f"{layers * 4 * (r * 2 * h + h) + layers * 4 * h:,}"
    assert (at.select_slider(key="rank").value, at.number_input(key="batch").value) == (16, 4)
    assert "use_dora=True" in at.code[0].value and 'bias="lora_only"' in at.code[0].value
    at = open_page("lora", model="gpt3-175b", rank="1")
    assert values(at)["Trainable"] == "4,718,592"
    at = open_page("lora", model="llama-3-8b", targets="down_proj")
    assert values(at)["Trainable"] == f"{32 * 8 * (14_336 + 4096):,}", "a list of modules alone is enough"


def test_a_change_is_in_the_link_and_in_every_number(open_page: Open) -> None:
    at = open_page("lora", model="vit-b-16")
    assert values(at)["Trainable"] == "294,912"
    at.select_slider(key="rank").set_value(16)
    ran(at)
    assert values(at)["Trainable"] == "589,824"
    bars, ranks, _, drawing = charts(at)
    assert [trace.get("name") for trace in bars["data"]][:4] == ["Weights", "Gradients", "Optimizer", "Activations"]
    assert ranks["data"][0]["y"][4] == 589_824 and ranks["data"][0]["x"][4] == 16
    boxes = {shape["name"]: shape for shape in drawing["layout"]["shapes"]}
    assert boxes["A"]["y1"] - boxes["A"]["y0"] == boxes["B"]["x1"] - boxes["B"]["x0"] == 16
    assert boxes["W"]["x1"] - boxes["W"]["x0"] == 768 and drawing["layout"]["yaxis"]["scaleanchor"] == "x"
    at.segmented_control[0].set_value("linear")
    ran(at)
    assert parameter(at, "where") == "linear"
    assert len(at.dataframe[0].value) == 13, "twelve layers and the pooler"


def test_every_change_is_in_the_link_whatever_came_before(open_page: Open) -> None:
    at = open_page("lora")
    at.selectbox(key="pick-model").select("bert-base")
    for where in ("attention", "own", "auto"):
        ran(at)
        at.button_group(key="segment-where").set_value(where)
    for key in ("rslora", "dora"):
        ran(at)
        at.toggle(key=key).set_value(True)
    ran(at)
    assert parameter(at, "rslora") == parameter(at, "dora") == "True"
    other = open_page("lora", **{key: parameter(at, key) for key in ("model", "where", "rslora", "dora")})
    assert values(other) == values(at) and "use_dora=True" in other.code[0].value


def test_modules_are_chosen_from_those_of_the_model(open_page: Open) -> None:
    at = open_page("lora", model="gpt2-xl", where="own")
    assert at.multiselect(key="targets").options == ["c_attn", "attn.c_proj", "mlp.c_proj", "c_fc", "lm_head"]
    assert at.multiselect(key="targets").value == ["c_attn"]
    assert "holds query, key and value in one matrix" in texts(at) and "fan_in_fan_out=True" in at.code[0].value
    at.multiselect(key="targets").set_value([])
    ran(at)
    assert "An adapter needs a target" in texts(at)
    at = open_page("lora", model="gpt2-xl", targets="nonsense")
    assert "No module of this backbone fits" in at.error[0].value.replace("\\", "")


def test_memory_names_gpus_and_this_server(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = Gpu(name="H100 <b>80</b>", memory_total=80 * 2**30, memory_free=70 * 2**30)
    made = Machine(cpu="x", n_cores=2, memory_total=2**34, memory_available=2**33, gpus=(gpu,))
    monkeypatch.setattr("tlcore.device.machine", lambda: made)
    words = texts(open_page("lora", model="llama-7b")).replace("\\", "")
    assert "Fits one GPU of **141 GB**: H200" in words and "Fits one GPU of **8 GB**" in words
    assert "H100 <b>80</b>, 70.0 GiB free): **not even one sample**" in words
    assert "largest batch **24**" in words
    words = texts(open_page("lora", model="llama-65b"))
    assert "Fits no single GPU: **13 × 80 GB** or more" in words


def test_a_zoo_model_is_read_in_the_background_once(open_page: Open, home: Path) -> None:
    at = open_page("lora", model="minilm")
    assert "Reading the model's matrices, once" in at.info[0].value and not at.metric
    answered(home)
    ran(at)
    assert values(at)["Trainable"] == f"{6 * 2 * 8 * 768:,}"
    assert values(at)["Head, apart"] == f"{384 * 256 + 256 + 256 * 2 + 2:,}"
    assert not jobs.waiting(home)


def test_use_in_strategy_says_what_it_needs(open_page: Open, home: Path) -> None:
    at = open_page("lora", model="llama-7b")
    assert at.button(key="use").disabled and "Only models of the zoo train here" in at.button(key="use").help
    at = open_page("lora", model="minilm")
    answered(home)
    ran(at)
    assert at.button(key="use").disabled and "no dataset of texts yet" in at.button(key="use").help


def test_use_in_strategy_fills_the_form(open_page: Open, home: Path) -> None:
    image_dataset(home)
    dataset = text_dataset(home)
    at = open_page("lora", model="minilm", rank="4", where="linear", rslora="true", alpha="32")
    answered(home)
    ran(at)
    at.button(key="use").click()
    ran(at)
    assert at.title[0].value == "Strategy" and parameter(at, "dataset") == dataset.id
    assert '"backbone": "minilm"' not in texts(at)
    command = at.code[0].value
    assert "--backbone minilm --strategy lora" in command
    for part in ("strategy.rank=4", "strategy.targets=linear", "strategy.rslora=true", "strategy.alpha=32.0"):
        assert part in command, command
    shown = texts(at)
    assert f"{6 * (4 * 4 * 768 + 2 * 4 * (384 + 1536)) + 384 * 256 + 256 + 256 * 2 + 2:,} / " in shown, (
        "and counts alike"
    )


def test_a_pasted_config_becomes_a_model(open_page: Open, home: Path) -> None:
    at = open_page("lora")
    at.text_area(key="config-text").set_value(json.dumps(TINY))
    at.button(key="config-read").click()
    ran(at)
    name = parameter(at, "model")
    assert name == keep(TINY, home)
    answered(home)
    ran(at)
    assert values(at)["Trainable"] == f"{2 * 8 * ((32 + 32) + (32 + 16)):,}"
    at = open_page("lora", model=name)
    assert values(at)["Trainable"] == "1,792", "the link works on this server"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no json", "This is not JSON"),
        ('{"model_type": "llama", "num_hidden_layers": 99999999}', "no model has more than 512"),
        *((json.dumps({"model_type": name}), "names its architecture") for name in HOSTILE),
    ],
)
def test_a_bad_config_is_one_sentence(open_page: Open, text: str, message: str) -> None:
    at = open_page("lora")
    at.text_area(key="config-text").set_value(text)
    at.button(key="config-read").click()
    ran(at)
    (error,) = at.error
    assert message in error.value.replace("\\", "") and parameter(at, "model") == "llama-7b"


def test_what_cannot_be_built_says_so_and_can_be_tried_again(open_page: Open, home: Path) -> None:
    name = keep({"model_type": "lama"}, home)
    at = open_page("lora", model=name)
    answered(home)
    ran(at)
    assert "knows no model_type" in at.error[0].value.replace("\\", "")
    at.button(key="shapes-again").click()
    ran(at)
    assert jobs.waiting(home)


def test_a_link_to_what_was_never_pasted(open_page: Open) -> None:
    at = open_page("lora", model="config-000000000000")
    assert "was pasted on this server" in at.error[0].value and values(at)["Trainable"]
