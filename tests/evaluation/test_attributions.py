"""Attributions on networks whose answer is known: a planted square, a planted word, a linear model."""

import numpy as np
import pytest
import torch
from torch import nn

from tlcore.adapters.lora import attach
from tlcore.adapters.settings import LoraSettings
from tlcore.errors import TlcoreError
from tlcore.evaluation.attributions import TokenScore, TokenScores
from tlcore.evaluation.attributions_images import attribute_image
from tlcore.evaluation.attributions_layers import attention_maps, last_maps, methods
from tlcore.evaluation.attributions_texts import attribute_text, attribute_tokens
from tlcore.features.inputs import TextInputs, batch, reader
from tlcore.zoo import Backbone, Head, backbone
from tlcore.zoo.model import TransferModel, build

SIDE = 32


class Patches(nn.Module):
    """Patches 8 wide become tokens behind a class token; one layer of torch's attention; (B, 3, 32, 32) -> (B, 4)."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 8, 8)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x):
        tokens = self.stem(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([torch.zeros_like(tokens[:, :1]), tokens], 1)
        return (tokens + self.attention(tokens, tokens, tokens, need_weights=False)[0])[:, 0]


class Counted(nn.Module):
    """The mean of the tokens' embeddings; token 7 alone speaks for class 1."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(10, 2)
        nn.init.zeros_(self.words.weight)
        self.words.weight.data[7, 1] = 4.0
        self.words.weight.data[3, 1] = -2.0

    def get_input_embeddings(self):
        return self.words

    def forward(self, x):
        weights = x["attention_mask"].unsqueeze(-1).float()
        return (self.words(x["input_ids"]) * weights).sum(1) / weights.sum(1)


def bright(model):
    """A convolution that passes brightness on, and class 1 for it."""
    first = model.backbone[0]
    nn.init.constant_(first.weight, 1 / first.weight[0].numel())
    nn.init.zeros_(first.bias)
    model.head.weight.data = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    nn.init.zeros_(model.head.bias)
    return model.eval().requires_grad_(False)


@pytest.fixture
def convolutional():
    trunk = nn.Sequential(nn.Conv2d(3, 2, 4, 4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return bright(TransferModel(trunk, nn.Linear(2, 2), ("backbone.0",)))


@pytest.fixture
def square():
    x = torch.zeros(1, 3, SIDE, SIDE)
    x[..., 16:, 16:] = 1.0
    return x


def corner(values):
    """The share of a map's mass that lies where the square is."""
    return np.abs(values[16:, 16:]).sum() / np.abs(values).sum()


@pytest.mark.parametrize(("method", "least"), [("grad_cam", 0.8), ("integrated_gradients", 0.999)])
def test_the_planted_square_has_the_mass_though_all_weights_are_frozen(convolutional, square, method, least):
    first, again = (attribute_image(convolutional, square, 1, method).values for _ in range(2))
    assert first.shape == (SIDE, SIDE) and first.dtype == np.float32
    assert corner(first) > least and first[16:, 16:].min() >= 0
    assert np.array_equal(first, again)


def test_integrated_gradients_of_a_linear_model_are_weight_times_input():
    model = TransferModel(nn.Flatten(), nn.Linear(3 * 8 * 8, 2), ("backbone",)).eval()
    x = torch.randn(1, 3, 8, 8)
    found = attribute_image(model, x, 1, "integrated_gradients")
    expected = (model.head.weight[1].view(3, 8, 8) * x[0]).sum(0).detach().numpy()
    assert np.allclose(found.values, expected, atol=1e-5)
    assert abs(found.sums.delta) < 1e-4
    assert found.sums.score - found.sums.baseline == pytest.approx(found.sums.total, abs=1e-4)


def test_each_architecture_has_the_methods_that_fit(convolutional, square):
    patches = TransferModel(Patches(), nn.Linear(4, 2), ("backbone",)).eval()
    dense = TransferModel(nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, 4)), nn.Linear(4, 2), ()).eval()
    assert methods(convolutional, square) == ("grad_cam", "integrated_gradients")
    assert methods(patches, square) == ("attention_rollout", "integrated_gradients")
    assert methods(dense, square) == ("integrated_gradients",)
    with pytest.raises(TlcoreError, match="grad_cam does not fit"):
        attribute_image(patches, square, 0, "grad_cam")


def test_rollout_of_one_layer_is_the_class_token_s_own_attention():
    patches = Patches().eval()
    x = torch.randn(1, 3, SIDE, SIDE)
    model = TransferModel(patches, nn.Linear(4, 2), ("backbone",)).eval()
    tokens = patches.stem(x).flatten(2).transpose(1, 2)
    tokens = torch.cat([torch.zeros_like(tokens[:, :1]), tokens], 1)
    expected = patches.attention(tokens, tokens, tokens)[1][0, 0, 1:].reshape(4, 4) / 2
    found = attribute_image(model, x, 0, "attention_rollout").values
    assert found[4::8, 4::8].shape == (4, 4) and found.argmax() // SIDE // 8 == int(expected.argmax()) // 4
    assert attention_maps(model, x)[0].shape == (2, 17, 17)
    assert found.min() >= expected.min().item() - 1e-6 and found.max() <= expected.max().item() + 1e-6
    assert torch.equal(model(x), model(x)) and not patches.attention._forward_hooks


def test_the_planted_word_has_the_highest_score_and_kept_ones_none():
    model = TransferModel(Counted(), nn.Identity(), ("backbone",)).eval().requires_grad_(False)
    ids = torch.tensor([[1, 5, 7, 3, 2]])
    kept = torch.tensor([[True, False, False, False, True]])
    x = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    scores, sums = attribute_tokens(model, x, kept, 0, 1)
    assert scores.tolist() == pytest.approx([0.0, 0.0, 0.8, -0.4, 0.0], abs=1e-5)
    assert (sums.score, sums.baseline) == pytest.approx((0.4, 0.0)) and abs(sums.delta) < 1e-5


def test_pieces_are_joined_to_words_with_the_sum_of_their_scores():
    parts = [("[CLS]", "special", 0.0), ("un", "word", 0.5), ("kind", "piece", -0.2), ("!", "word", 0.1)]
    tokens = tuple(TokenScore(text=text, kind=kind, score=score) for text, kind, score in parts)
    joined = TokenScores(tokens=tokens, sums=None, n_cut=0).words()
    assert [word.text for word in joined] == ["[CLS]", "unkind", "!"]
    assert [word.score for word in joined] == pytest.approx([0.0, 0.3, 0.1])


@pytest.mark.parametrize("lora", [False, True])
def test_a_real_text_network_adds_up(lora):
    record: Backbone = backbone("minilm")
    model = build(record, 3, Head(hidden=(), dropout=(0.0,)))
    if lora:
        attach(model, LoraSettings(rank=2))
    inputs = reader(record)
    assert isinstance(inputs, TextInputs)
    found = attribute_text(model.eval(), inputs, "The unbelievable box was broken.", 2)
    with torch.no_grad():
        score = float(model(batch(inputs, ["The unbelievable box was broken."]))[0, 2])
    assert found.sums.score == pytest.approx(score, abs=1e-5)
    assert abs(found.sums.delta) <= max(0.02, 0.05 * abs(found.sums.score - found.sums.baseline))
    assert [token.kind for token in found.tokens].count("special") == 2
    assert [token.score for token in found.tokens if token.kind == "special"] == [0.0, 0.0]


def test_grad_cam_goes_through_adapters_and_a_frozen_backbone():
    model = build(backbone("efficientnet_lite0"), 3, Head())
    attach(model, LoraSettings(rank=2))
    x = torch.randn(1, 3, 224, 224)
    found = attribute_image(model.eval(), x, 0, "grad_cam").values
    assert found.shape == (224, 224) and np.abs(found).max() > 0
    assert last_maps(model, x) is not None and all(parameter.grad is None for parameter in model.parameters())
