"""The gap: what the limits rest on, measured again here."""

import pytest
import torch
from torch import nn

from tests.advisor import pictures
from tlcore.advisor.gap import IMAGE_GAP, TEXT_GAP, fragments, shift
from tlcore.features.inputs import TextInputs, batch, reader
from tlcore.zoo import backbone
from tlcore.zoo.model import load_backbone

N = 24
"""Images; 128 give figures within a tenth of these."""


@pytest.fixture(scope="module")
def measured():
    """The shift of images on EfficientNet-Lite0."""
    record = backbone("efficientnet_lite0")
    net, inputs = load_backbone(record), reader(record)

    def measure(images):
        return shift(net, [batch(inputs, images[start : start + 8]) for start in range(0, len(images), 8)])

    return measure


@pytest.fixture(scope="module")
def tokenizer():
    inputs = reader(backbone("minilm"))
    assert isinstance(inputs, TextInputs)
    return inputs.tokenizer


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (lambda: pictures.crops(N), 0.30),
        (lambda: pictures.crops(8), 0.36),
        (lambda: pictures.crops(N, "flower.jpg"), 0.49),
        (lambda: [image.convert("L").convert("RGB") for image in pictures.crops(N)], 0.40),
        (lambda: pictures.crops(N, "china.jpg"), 0.36),
        (lambda: pictures.crops(N, side=32), 0.63),
    ],
    ids=["photographs", "eight photographs", "flower", "grey photographs", "china", "small photographs"],
)
def test_photographs_are_similar(measured, images, expected):
    assert measured(images()) == pytest.approx(expected, abs=0.04)
    assert expected + 0.04 < IMAGE_GAP


@pytest.mark.parametrize(
    ("images", "expected"),
    [(pictures.stripes, 0.96), (pictures.digits, 1.07), (pictures.noise, 1.27)],
    ids=["stripes", "digits", "noise"],
)
def test_other_images_are_different(measured, images, expected):
    assert measured(images(N)) == pytest.approx(expected, abs=0.05)
    assert expected - 0.05 > IMAGE_GAP


def test_english_prose_is_similar(tokenizer):
    found = fragments(tokenizer, pictures.messages())
    assert found.per_word == pytest.approx(1.25, abs=0.01) and found.per_word < TEXT_GAP
    assert found.unknown == 0


@pytest.mark.parametrize(
    ("name", "per_word", "unknown"),
    [
        ("spanish", 2.29, 0),
        ("german", 2.2, 0),
        ("code", 2.41, 0),
        ("hindi", 3.2, 0.07),
        ("arabic", 4.6, 0.02),
        ("greek", 4.9, 0),
        ("russian", 4.27, 0),
        ("korean", 6.9, 0.05),
        ("chinese", 15.5, 0.71),
        ("molecules", 23.3, 0),
        ("thai", 32.5, 1),
    ],
)
def test_other_texts_are_different(tokenizer, name, per_word, unknown):
    found = fragments(tokenizer, pictures.TEXTS[name])
    assert found.per_word == pytest.approx(per_word, rel=0.02) and found.per_word > TEXT_GAP
    assert found.unknown == pytest.approx(unknown, abs=0.01)


def test_blank_texts_and_vocabularies_without_an_unknown_token():
    class Bytes:
        def __call__(self, texts, **settings):
            assert not settings["return_offsets_mapping"]
            return {"input_ids": [list(text.encode()) for text in texts]}

    assert fragments(Bytes(), ["abc de", ""]).per_word == 3
    assert fragments(Bytes(), ["", ""]).per_word == 0
    assert fragments(Bytes(), ["é"]).unknown == 0


def gaussian(mean=0.0, spread=1.0, n=4_000):
    return mean + spread * torch.randn(n, 3, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("x", "expected"),
    [(gaussian(), 0.0), (gaussian(2.0), 2.0), (gaussian(0, 4.0), 1.386), (gaussian(-1.0, 0.25), 2.386)],
)
def test_the_figure_is_shift_of_mean_plus_logarithm_of_spread(x, expected):
    net = nn.Sequential(nn.BatchNorm1d(3))
    assert shift(net, x.split(1_000)) == pytest.approx(expected, abs=0.1)
    assert not net.training and not net[0]._forward_pre_hooks
    assert torch.equal(net[0].running_mean, torch.zeros(3)), "looking does not move the statistics"


def test_the_median_over_layers():
    class Beside(nn.Module):
        """Three layers that see the same numbers but expect other means."""

        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList(nn.BatchNorm1d(3) for _ in range(3))
            for layer, mean in zip(self.layers, (9.0, 0.0, 4.0), strict=True):
                layer.running_mean.fill_(mean)

        def forward(self, x):
            return [layer(x) for layer in self.layers]

    assert shift(Beside(), [gaussian()]) == pytest.approx(4.0, abs=0.1)


def test_nothing_to_compare_with():
    assert shift(nn.Linear(3, 3), [gaussian()]) is None
    assert shift(nn.BatchNorm1d(3, track_running_stats=False), [gaussian()]) is None
    assert shift(nn.BatchNorm1d(3), []) is None


def test_hooks_go_also_when_the_measuring_is_cut_off():
    net = nn.Sequential(nn.BatchNorm1d(3))

    def cut_off():
        yield gaussian()
        raise RuntimeError("cancelled")

    with pytest.raises(RuntimeError, match="cancelled"):
        shift(net, cut_off())
    assert not net[0]._forward_pre_hooks
