"""A backbone in two parts: they are the whole, the first is computed once, and training is none the wiser."""

import pytest
import torch
from torch import nn

from tests.training.tiny import recipe
from tlcore.data import SplitRatios, add_sample, ingest
from tlcore.features.boundary import HIDDEN, cut, packed
from tlcore.features.inputs import batch, reader
from tlcore.features.stored import DatasetFeeds
from tlcore.strategies import Phase
from tlcore.training.events import StepDone
from tlcore.training.loop import fit
from tlcore.zoo import Head, backbone, stage_patterns
from tlcore.zoo.model import build, load_backbone

SAMPLES = {"text": ["short", "one that is a good deal longer than the other", "a middling text"]}
CPU = torch.device("cpu")
PACKAGED = [backbone("efficientnet_lite0"), backbone("minilm")]


def modules(record, stage):
    return [name.removeprefix("backbone.") for name in stage.split("|")]


def some_inputs(record, draw=0):
    if record.modality == "image":
        return torch.randn(3, 3, record.input_size, record.input_size, generator=torch.Generator().manual_seed(draw))
    return batch(reader(record), SAMPLES["text"])


@pytest.mark.parametrize("record", PACKAGED, ids=lambda record: record.name)
def test_two_parts_are_the_whole_at_every_stage(record):
    net, x = load_backbone(record), some_inputs(record)
    with torch.inference_mode():
        whole = net(x)
    for stage in stage_patterns(record)[:-1]:
        parts = cut(net, modules(record, stage), x)
        assert parts is not None, stage
        activations = parts.front(x)
        with torch.no_grad():
            rest = parts.back(activations.clone() if record.modality == "image" else {**x, HIDDEN: activations.clone()})
        assert torch.allclose(rest, whole, rtol=1e-4, atol=1e-5), stage
    assert not any("forward" in vars(module) for module in net.modules()), "everything is as it was"
    assert not any(module._forward_hooks for module in net.modules())


def test_where_something_happens_between_modules_there_is_no_cut():
    class Adds(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, x):
            return self.b(self.a(x) + x)  # what is behind b needs more than what a says

    assert cut(Adds().eval(), ["a"], torch.randn(2, 4)) is None
    assert cut(Adds().eval(), ["nowhere"], torch.randn(2, 4)) is None


def test_maps_are_stored_with_channels_last():
    assert packed(torch.zeros(2, 3, 4, 5)).shape == (2, 4, 5, 3)
    assert packed(torch.zeros(2, 3, 4)).shape == (2, 3, 4)


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    import csv

    folder = tmp_path_factory.mktemp("texts")
    with (folder / "t.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("text", "label"))
        rows.writerows((f"{'good' if i % 2 else 'bad'} {'very ' * (i % 7)}{i}", "ab"[i % 2]) for i in range(40))
    return ingest(folder / "t.csv", folder / "home", split=SplitRatios(train=0.6, val=0.2, test=0.2))


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return add_sample("digits", tmp_path_factory.mktemp("digits"))


def last_stages(record, n):
    return Phase(name="last", epochs=2, lrs=dict.fromkeys(stage_patterns(record)[-n:], 1e-3) | {"head": 1e-3})


def losses(dataset, record, told, *, cache=True, monkeypatch=None, **settings):
    torch.manual_seed(0)
    net = build(record, len(dataset.classes), Head(hidden=(), dropout=(0.0,)))
    data = DatasetFeeds(dataset, record, dataset.home, device=CPU, tell=told.append)
    made = recipe(
        backbone=record.name,
        phases=(last_stages(record, 2),),
        epochs=None,
        head=Head(hidden=(), dropout=(0.0,)),
        **settings,
    )
    return [event.loss for event in fit(net, data, made) if isinstance(event, StepDone)], data


def test_texts_train_the_same_on_stored_activations(texts, monkeypatch):
    told: list[str] = []
    stored, data = losses(texts, backbone("minilm"), told)
    assert "up to layer.3 are frozen" in told[0] and "MB of activations are kept" in told[0]
    assert data.embedding().left == 0 and data.embedding().fresh == 32
    again, data = losses(texts, backbone("minilm"), told)
    assert data.embedding().fresh == 0, "a second run computes none of them"
    assert again == stored
    monkeypatch.setattr("tlcore.training.feeding.cut", lambda *_: None)
    plain, _ = losses(texts, backbone("minilm"), told)
    assert stored == pytest.approx(plain, rel=1e-3)


def test_images_train_the_same_on_stored_activations(digits, monkeypatch):
    monkeypatch.setattr(type(digits), "rows", few(type(digits).rows, 24))
    told: list[str] = []
    stored, data = losses(digits, backbone("efficientnet_lite0"), told)
    assert "up to blocks.6 are frozen" not in told[0] and "up to blocks.5 are frozen" in told[0]
    assert data.embedding().left == 0
    monkeypatch.setattr("tlcore.training.feeding.cut", lambda *_: None)
    plain, _ = losses(digits, backbone("efficientnet_lite0"), told)
    assert stored == pytest.approx(plain, rel=1e-3)


def test_what_outgrows_the_budget_is_computed_each_time_and_said(texts, monkeypatch):
    monkeypatch.setenv("TLSTUDIO_CACHE_GB", "0.0001")
    told: list[str] = []
    values, data = losses(texts, backbone("minilm"), told)
    assert "more than the 0.0 GB they may" in told[0]
    assert data.embedding().total == 0 and len(values) == 4


def few(rows, n):
    return lambda self, split: rows(self, split)[:n]
