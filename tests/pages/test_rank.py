"""Rank: what is asked, what comes in one by one, what is said of it, and what a link reproduces."""

import json
from dataclasses import asdict

import pytest

from tests.pages.conftest import Open, image_dataset, parameter, ran, text_dataset, texts
from tests.runs.test_ranking import made
from tlcore.runs import jobs
from tlcore.runs.ranking import question
from tlcore.zoo import backbone
from ui.compare.rank_words import told

LITES = tuple(f"efficientnet_lite{n}" for n in range(3))


@pytest.fixture(autouse=True)
def no_weights(tmp_path, monkeypatch):
    """Empty caches, whatever this machine holds."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hf"))


def scored(home, data, name, **columns):
    """A score as the job leaves it."""
    score = made(name=name, **columns)
    folder = home / "jobs" / jobs.ask(home, "rank", question(data, backbone(name), home)).id
    (folder / "answer.json").write_text(json.dumps(asdict(score)))
    return score


def table(at):
    return next(one.value for one in at.dataframe if "log_me" in one.value)


def chart(at):
    return json.loads(next(one for one in at.get("plotly_chart") if one.proto.id.endswith("rank-chart")).proto.spec)


def test_a_click_asks_for_all_usable_backbones_and_another_stops(open_page: Open, home):
    image_dataset(home)
    at = open_page("compare")
    assert "80 more cannot be ranked yet" in at.expander[0].label
    at.button(key="rank").click()
    ran(at)
    assert [json.loads((f / "asked.json").read_text())["about"]["backbone"] for f in jobs.waiting(home)] == list(LITES)
    assert "0 of 3 scored" in texts(at)
    at.button(key="stop-rank").click()
    ran(at)
    assert not jobs.waiting(home) and at.button(key="rank").label == "Rank 3 backbones"


def test_rows_are_there_as_they_come_and_the_rest_goes_on(open_page: Open, home):
    data = image_dataset(home)
    scored(home, data, "efficientnet_lite1", linear=0.9)
    at = open_page("compare", dataset=data.id)
    assert table(at)["title"].tolist() == ["EfficientNet-Lite1"]
    assert at.button(key="rank").label == "Rank the other 2"
    assert "About" in texts(at), "the pace of the first says what the others take"


def test_what_cannot_be_told_apart_is_said(open_page: Open, home):
    data = image_dataset(home)
    for name, linear in zip(LITES, (0.90, 0.92, 0.60), strict=True):
        scored(home, data, name, linear=linear, knn=linear - 0.1, gflops=backbone(name).gflops)
    at = open_page("compare", dataset=data.id, cost="gflops")
    assert table(at)["title"].tolist() == ["EfficientNet-Lite1", "EfficientNet-Lite0", "EfficientNet-Lite2"]
    said = texts(at).replace("\\", "")
    assert "**EfficientNet-Lite1** has 92.0 % with a linear probe, but the first two cannot be told apart" in said
    assert "The cheapest of them is **EfficientNet-Lite0**" in said
    assert "no other is both cheaper and better: EfficientNet-Lite0, EfficientNet-Lite1." in said
    points = next(trace for trace in chart(at)["data"] if trace["name"] == "Backbones")
    assert len(points["error_y"]["array"]) == len(points["error_y"]["arrayminus"]) == 3
    assert points["text"] == ["EfficientNet-Lite1", "EfficientNet-Lite0", "EfficientNet-Lite2"]


def test_a_link_brings_back_backbones_and_axes(open_page: Open, home):
    data = image_dataset(home)
    for name in LITES:
        scored(home, data, name)
    link = {"backbones": ",".join(LITES[:2]), "score": "logme", "cost": "params", "backbone": LITES[1]}
    at = open_page("compare", dataset=data.id, **link)
    assert len(table(at)) == 2
    assert chart(at)["layout"]["yaxis"]["title"]["text"] == "LogME"
    assert chart(at)["layout"]["xaxis"]["title"]["text"] == "million parameters"
    assert at.button(key="use-backbone").label.replace("\\", "") == "Use EfficientNet-Lite1"
    assert {key: parameter(at, key) for key in link} == link
    at.button(key="use-backbone").click()
    ran(at)
    assert at.title[0].value == "Strategy"
    assert (parameter(at, "dataset"), parameter(at, "backbone")) == (data.id, LITES[1])


def test_a_failure_is_a_sentence_and_can_be_tried_again(open_page: Open, home):
    data = image_dataset(home)
    scored(home, data, LITES[0])
    folder = home / "jobs" / jobs.ask(home, "rank", question(data, backbone(LITES[1]), home)).id
    (folder / "failed.json").write_text(json.dumps({"reason": "The device ran <b>out</b> of memory."}))
    at = open_page("compare", dataset=data.id, backbones=",".join(LITES[:2]))
    (error,) = at.error
    assert "EfficientNet\\-Lite1** was not scored. The device ran \\<b\\>out\\</b\\> of memory" in error.value
    assert at.button(key="rank").label == "Rank the other one" and len(table(at)) == 1


def test_texts_have_one_packaged_backbone_and_others_to_fetch(open_page: Open, home, monkeypatch):
    data = text_dataset(home)
    scored(home, data, "minilm")
    at = open_page("compare", dataset=data.id)
    assert "**all\\-MiniLM\\-L6\\-v2** has 80.0 % with a linear probe on 96 val samples." in texts(at)
    monkeypatch.setattr("ui.compare.rank.candidates", lambda dataset, home: ())
    assert not ran(at).dataframe


@pytest.mark.parametrize(
    ("linear", "words"),
    [
        ((0.95, 0.94, 0.93), "all three cannot be told apart on 96 val samples"),
        ((0.95, 0.60, 0.50), "ahead of all others: its 95 % interval overlaps with none of theirs."),
    ],
)
def test_the_verdict(linear, words):
    scores = [made(share, name=name) for share, name in zip(linear, "abc", strict=True)]
    assert words in told(scores, dict(zip("abc", "ABC", strict=True)))
