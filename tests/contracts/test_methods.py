"""The models of the methods, each with a new head for 3 classes, forward and backward through the three strategies.

Random weights: what is tested is that the parts fit, and nothing is learnt.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from tlcore.adapters.lora import adapter_parameters
from tlcore.strategies import strategy
from tlcore.training.groups import freeze, set_modes
from tlcore.zoo import Backbone, Head, backbone
from tlcore.zoo.model import Inputs, TransferModel, build
from tlcore.zoo.networks import network
from tlcore.zoo.shapes import shapes
from tlcore.zoo.stages import divide

SIDES = {
    "resnet18": 32,
    "resnet50": 32,
    "efficientnet_b0": 32,
    "mobilenet_v3_small": 32,
    "vgg16": 32,
    "densenet121": 32,
    "vit_b_16": 32,
    "efficientnet_lite0": 32,
    "efficientnet_lite1": 32,
    "efficientnet_lite2": 32,
    "alexnet": 64,
    "convnext_tiny": 32,
    "googlenet": 64,
    "inception_v3": 75,
    "mnasnet0_5": 32,
    "regnet_y_400mf": 32,
    "shufflenet_v2_x0_5": 32,
    "squeezenet1_1": 64,
    "swin_v2_t": 64,
}
"""Pixels; those of the methods, and some of other families. ViT is built for that many, with fewer positions."""
LAYERS = {"distilbert-base-uncased": "n_layers", "gpt2": "n_layer"}
"""What configurations call their layers, where it is not `num_hidden_layers`. Two are as good as twelve here."""
TEXTS = ("bert-base-uncased", "distilbert-base-uncased", "roberta-base", "albert-base-v2", "gpt2", "minilm")


@pytest.fixture(scope="module", params=[*SIDES, *TEXTS])
def record(request) -> Backbone:
    known = backbone(request.param)
    if known.modality == "image":
        return replace(known, input_size=SIDES[known.name])
    small = replace(known, config={**known.config, LAYERS.get(known.name, "num_hidden_layers"): 2})
    return replace(small, stages=divide(shapes(lambda: network(small))).names)


@pytest.fixture(scope="module")
def net(record) -> TransferModel:
    torch.manual_seed(0)
    return build(record, 3, Head(), pretrained=False)


def some(record: Backbone) -> Inputs:
    draw = torch.Generator().manual_seed(0)
    if record.modality == "image":
        return torch.randn(2, 3, SIDES[record.name], SIDES[record.name], generator=draw)
    tokens = torch.randint(5, 1000, (2, 12), generator=draw)
    mask = torch.ones(2, 12, dtype=torch.long)
    mask[0, 7:] = 0
    every = {"input_ids": tokens, "token_type_ids": torch.zeros_like(tokens), "attention_mask": mask}
    return {name: every[name] for name in record.tokens}


def step(net: TransferModel, x: Inputs) -> dict[str, Tensor]:
    """Gradients, by parameter, of one batch."""
    net.zero_grad(set_to_none=True)
    logits = net(x)
    assert logits.shape == (2, 3)
    cross_entropy(logits, torch.tensor([0, 2])).backward()
    return {name: p.grad for name, p in net.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("name", ["feature_extraction", "fine_tune", "lora"])
def test_forward_and_backward(name, record, net):
    chosen = strategy(name, record.modality)
    if name == "lora":
        chosen.prepare(net)
    freeze(net, chosen.phases(net, 1)[0], batch_norm=True)
    frozen = set_modes(net)
    grads = step(net, some(record))
    trains = {key for key, parameter in net.named_parameters() if parameter.requires_grad}
    assert set(grads) == trains and all(torch.isfinite(grad).all() for grad in grads.values())
    assert {key for key, _ in net.named_parameters() if key.startswith("head.")} <= trains
    match name:
        case "feature_extraction":
            assert frozen and all(key.startswith("head.") for key in trains)
        case "fine_tune":
            assert len(trains) > len(list(net.parameters())) - 2 * record.n_batch_norms - 1
        case _:
            assert trains - {key for key in trains if key.startswith("head.")} == set(adapter_parameters(net))
