"""torchvision's 80 classifiers: the file that the registry reads is what the library says, network by network."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchvision import models

from tlcore.adapters.targets import target_modules
from tlcore.features.inputs import batch, reader
from tlcore.strategies import matching
from tlcore.training.groups import batch_norms
from tlcore.zoo import Backbone, Head, backbone, backbones, stage_patterns
from tlcore.zoo.catalogue import FILE, FREE, chosen, entry, network
from tlcore.zoo.model import TransferModel, skeleton
from tlcore.zoo.shapes import shapes
from tlcore.zoo.surgery import classifier

NAMES = sorted(models.list_models(module=models))
LINES = {row["name"]: row for row in map(json.loads, FILE.read_text().splitlines())}
PLACES = {
    "fc": ("resnet", "resnext", "wide_resnet", "regnet", "shufflenet", "googlenet", "inception"),
    "classifier": (
        "densenet",
        "efficientnet",
        "mobilenet",
        "vgg",
        "alexnet",
        "convnext",
        "mnasnet",
        "squeezenet",
        "maxvit",
    ),
    "head": ("swin",),
    "heads": ("vit",),
}
"""Where each family has its classifier."""


def test_the_file_has_all_of_them_in_order():
    assert list(LINES) == NAMES and len(NAMES) == 80
    assert [record.name for record in backbones() if record.source == "torchvision"] == NAMES


@dataclass(kw_only=True)
class Opened:
    """A network before and after its classifier was taken out."""

    record: Backbone
    last: str
    """The classifier's name."""
    parameters: set[str]
    """Before."""
    line: dict[str, object]
    """What the file should say."""
    net: TransferModel
    """After, with a head for 3 classes."""


@pytest.fixture(scope="module", params=NAMES)
def opened(request) -> Opened:
    record, whole = backbone(request.param), network(request.param)
    last, before = classifier(whole), {key for key, _ in whole.named_parameters()}
    line = entry(record.name, whole)
    head = shapes(lambda: Head().build(record.n_features, 3))
    net = TransferModel(whole, head, stage_patterns(record)).eval()
    return Opened(record=record, last=last, parameters=before, line=line, net=net)


def test_a_line_is_what_the_library_says(opened):
    """Weights, figures, preprocessing, width, stages, and counts, read off the library anew."""
    assert opened.line == LINES[opened.record.name]


def test_pooled_features_in_stages_from_input_to_output(opened):
    net, record, order = opened.net, opened.record, []
    for stage in net.stages():
        for part in stage.split("|"):
            if isinstance(module := _at(net, part), nn.Module):
                module.register_forward_hook(lambda *_, stage=stage: order.append(stage))
    with torch.no_grad():
        features = net.features(torch.empty(1, 3, record.input_size, record.input_size, device="meta"))
        assert net.head(features).shape == (1, 3)
    assert features.shape == (1, record.n_features)
    assert list(dict.fromkeys(order)) == list(net.stages())
    assert 4 <= len(net.stages()) <= 14


def test_every_parameter_lies_in_one_stage(opened):
    net, record = opened.net, opened.record
    sizes, norms = dict.fromkeys(net.stages(), 0), dict.fromkeys(net.stages(), 0)
    patterns, layers = dict.fromkeys(sizes, 1.0), {id(layer) for layer in batch_norms(net.backbone)}
    for key, parameter in net.backbone.named_parameters(prefix="backbone"):
        sizes[matching(key, patterns)] += parameter.numel()
    for key, layer in net.named_modules():
        if id(layer) in layers:
            norms[matching(f"{key}.weight", patterns)] += sum(p.numel() for p in layer.parameters())
    assert tuple(sizes.values()) == record.stage_params and sum(sizes.values()) == record.n_params
    assert len(layers) == record.n_batch_norms
    assert tuple(norms.values()) == (record.batch_norm_params or (0,) * len(norms))


def test_adapters_have_somewhere_to_go(opened):
    """In layers that are called: torchvision's Swin reads the weights of its attention and calls nothing there."""
    names = target_modules(opened.net.backbone, "auto")
    assert names and not any("swin" in opened.record.name and ".attn." in name for name in names)
    assert ("vit" in opened.record.name) == all(name.endswith("self_attention") for name in names)


def test_no_classifier_is_left(opened):
    """Nor a second one, which is for training only; and nothing else is gone."""
    place = next(place for place, starts in PLACES.items() if opened.record.name.startswith(starts))
    assert opened.last.partition(".")[0] == place
    assert isinstance(opened.net.backbone.get_submodule(opened.last), nn.Identity)
    beside = {key for key in opened.parameters if key.startswith(("aux", "AuxLogits", opened.last + "."))}
    assert beside
    assert {key for key, _ in opened.net.backbone.named_parameters()} == opened.parameters - beside


@pytest.mark.parametrize("name", NAMES)
def test_only_where_none_is_free_are_weights_taken_that_forbid_commercial_use(name):
    record, known = backbone(name), list(models.get_model_weights(name))
    ours = next(weights for weights in known if weights.name == record.weights)
    assert ours is chosen(name)
    swag = [weights for weights in known if "SWAG" in weights.name]
    assert record.licence == ("CC-BY-NC-4.0" if ours in swag else FREE)
    if record.licence != FREE:
        assert swag == known
    rivals = [w for w in known if (w in swag) == (ours in swag)]
    scores = [w.meta["_metrics"]["ImageNet-1K"]["acc@1"] for w in rivals]
    assert record.metrics["imagenet_top1"] == max(score for score in scores if not math.isnan(score))


def _distinct() -> dict[tuple[object, ...], str]:
    """One network for each way of preprocessing."""
    keys = ("input_size", "resize", "interpolation", "mean", "std")
    return {tuple(str(LINES[name][key]) for key in keys): name for name in NAMES}


@pytest.mark.parametrize("one", sorted(_distinct().values()))
def test_evaluation_images_are_those_of_the_weights(one):
    draw = np.random.default_rng(0)
    smooth = Image.fromarray(draw.integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize((640, 480))
    images = [smooth, Image.fromarray(draw.integers(0, 256, (300, 211, 3), dtype=np.uint8))]
    ours = batch(reader(backbone(one)), images)
    theirs = torch.stack([chosen(one).transforms()(image) for image in images])
    assert ours.shape == theirs.shape
    std = torch.tensor(backbone(one).std).view(3, 1, 1)
    assert ((ours - theirs) * std).abs().mean() < 1 / 255 / 10


def test_a_resnet_50_for_5_classes():
    net = skeleton(backbone("resnet50"), 5, Head())
    assert sum(p.numel() for p in net.head.parameters()) == 525_829
    assert sum(p.numel() for p in net.backbone.parameters()) == 23_508_032


def _at(net: nn.Module, name: str) -> object:
    parent, _, last = name.rpartition(".")
    return getattr(net.get_submodule(parent), last)
