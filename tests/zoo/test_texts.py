"""Text networks: built without a network as their configurations say, read as they were trained, from a real cache."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
import torch

from tests.zoo.hub import KINDS, repository, tiny
from tlcore.adapters.lora import adapter_parameters, attach
from tlcore.adapters.settings import LoraSettings
from tlcore.errors import RecipeError, WeightsError
from tlcore.features.backends import onnx, relative_difference
from tlcore.features.export import export
from tlcore.features.inputs import batch, reader
from tlcore.strategies import matching
from tlcore.zoo import Head, backbone, backbones, resolve, stage_patterns, tokenizer_folder, weights_state
from tlcore.zoo.model import build, load_backbone, skeleton
from tlcore.zoo.shapes import shapes
from tlcore.zoo.uploads import examine, upload

TEXTS = ["the parcel never arrived", "bread", "i love a taste of fresh bread " * 20, ""]
NAMED = [record for record in backbones("text") if record.source == "transformers"]


@pytest.fixture(scope="module", params=NAMED, ids=lambda record: record.name)
def record(request):
    return request.param


def test_the_record_is_the_network(record):
    """On the meta device: parameters, stages, width, and the whole published network with its pooler."""
    import transformers

    net, kind = skeleton(record, 3, Head()), getattr(transformers, record.architecture)
    sizes = dict.fromkeys(net.stages(), 0)
    for name, parameter in net.backbone.named_parameters(prefix="backbone"):
        sizes[matching(name, dict.fromkeys(sizes, 1.0))] += parameter.numel()
    assert tuple(sizes.values()) == record.stage_params and net.stages() == stage_patterns(record)
    whole = shapes(lambda: kind(kind.config_class(**record.config)))
    assert sum(parameter.numel() for parameter in whole.parameters()) == record.n_params_published
    config = whole.config
    assert (config.hidden_size, config.num_hidden_layers) == (record.n_features, record.depth)
    assert config.max_position_embeddings >= record.max_tokens
    assert net.backbone.encoder.config._attn_implementation == "sdpa"


def test_adapters_on_query_and_value(record):
    net = skeleton(record, 3, Head())
    with torch.device("meta"):
        attach(net, LoraSettings(rank=8))
    added = sum(net.get_parameter(name).numel() for name in adapter_parameters(net))
    expected = {
        "minilm": 8 * 2 * (384 + 384) * 6,
        "bert-base-uncased": 294_912,
        "roberta-base": 294_912,
        "distilbert-base-uncased": 294_912 // 2,
        "albert-base-v2": 294_912 // 12,
        "gpt2": 8 * (768 + 3 * 768) * 12,
    }
    assert added == expected[record.name]


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def small(kind, caches, home):
    """A backbone that a user has named, whose repository is in the cache, and the network it was made of."""
    whole = tiny(kind, repository(caches / "hub", f"somebody/tiny-{kind}"))
    return resolve(f"somebody/tiny-{kind}", home), whole


def test_a_named_encoder_is_read_as_it_was_trained(small, kind, home):
    record, whole = small
    assert weights_state(record, home).kind == "cached" and record.max_tokens == 64
    assert record.pooling == ("last" if kind == "gpt2" else "first")
    assert ("token_type_ids" in record.tokens) == (kind in ("bert", "albert"))
    inputs, net = reader(record, home), load_backbone(record, home=home)
    with torch.inference_mode():
        together = net(batch(inputs, TEXTS))
        alone = torch.cat([net(batch(inputs, [text])) for text in TEXTS])
    assert together.shape == (4, 32) and torch.allclose(together, alone, atol=1e-5)
    tokens = batch(inputs, TEXTS[:1])
    hidden = whole.base_model(**tokens).last_hidden_state[0]
    assert torch.allclose(together[0], hidden[-1 if kind == "gpt2" else 0], atol=1e-5)
    assert batch(inputs, TEXTS)["input_ids"].shape == (4, 64)


def test_it_is_known_without_torch_and_trains(small, home):
    record, _ = small
    assert json.loads((home / "zoo" / f"{record.name.replace('/', '--')}.json").read_text())["name"] == record.name
    net = build(record, 3, Head(), home=home)
    x = batch(reader(record, home), TEXTS)
    net(x).sum().backward()
    still = [name for name, p in net.named_parameters() if p.grad is None]
    assert still == []


@pytest.mark.parametrize("kind", ["roberta", "gpt2"])
def test_its_graph_computes_the_same(kind, caches, home, tmp_path):
    tiny(kind, repository(caches / "hub", f"somebody/tiny-{kind}"))
    record = resolve(f"somebody/tiny-{kind}", home)
    export(record, tmp_path / "graph.onnx", home)
    x = batch(reader(record, home), TEXTS[:3])
    with torch.inference_mode():
        assert relative_difference(onnx(tmp_path / "graph.onnx")(x), load_backbone(record, home=home)(x)) < 1e-4


def test_an_uploaded_state_dict_with_prefix_and_head(small, kind, home, tmp_path):
    record, whole = small
    changed = {name: value + 0.01 for name, value in whole.state_dict().items() if value.is_floating_point()}
    torch.save({"model": changed}, tmp_path / "w.pt")
    assert examine(record, tmp_path / "w.pt").fits
    upload(record, tmp_path / "w.pt", home)
    assert weights_state(record, home).kind == "uploaded"
    ours = load_backbone(record, home=home).encoder.state_dict()
    theirs = {name.removeprefix(f"{whole.base_model_prefix}."): value for name, value in changed.items()}
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items() if name in theirs)
    assert len(set(ours) & set(theirs)) > 20
    reader(record, home)


def test_without_a_tokenizer_weights_are_of_no_use(caches, home):
    folder = repository(caches / "hub", "somebody/tiny-bert")
    tiny("bert", folder, tokenizer=False)
    record = resolve("somebody/tiny-bert", home)
    state = weights_state(record, home)
    assert state.kind == "downloadable" and not state.ready
    with pytest.raises(
        WeightsError, match="tokenizer of somebody/tiny-bert is not on this machine.*tokenizer.json into"
    ):
        reader(record, home)
    with pytest.raises(WeightsError, match="The tokenizer of"):
        load_backbone(record, home=home)
    put = home / "weights" / "somebody--tiny-bert"
    put.mkdir(parents=True)
    (put / "vocab.txt").write_text("[PAD]\n")
    assert tokenizer_folder(record, home) == put and weights_state(record, home).ready


def test_an_incomplete_file_is_no_reason_for_random_weights(caches, home):
    from safetensors.torch import load_file, save_file

    folder = repository(caches / "hub", "somebody/tiny-bert")
    tiny("bert", folder)
    record = resolve("somebody/tiny-bert", home)
    state = load_file(folder / "model.safetensors")
    del state["bert.encoder.layer.1.output.dense.weight"]
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(WeightsError, match="not complete: encoder.layer.1.output.dense.weight is missing"):
        load_backbone(record, home=home)


def test_a_sentence_encoder_says_how_it_pools_and_how_much_it_reads(caches, home):
    folder = repository(caches / "hub", "somebody/sentences")
    tiny("bert", folder)
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 40}')
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": true}')
    record = resolve("somebody/sentences", home)
    assert (record.pooling, record.max_tokens) == ("mean", 40)


def test_what_is_no_encoder_of_texts_is_refused(caches, home):
    import transformers

    for name, config in {
        "t5": transformers.T5Config(d_model=16, num_layers=1, d_ff=16, num_heads=2),
        "vit": transformers.ViTConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2),
    }.items():
        config.save_pretrained(repository(caches / "hub", f"somebody/{name}"))
        with pytest.raises(RecipeError, match=f"somebody/{name} is a {name}, which (is no encoder|does not read)"):
            resolve(f"somebody/{name}", home)
    odd = repository(caches / "hub", "somebody/odd")
    (odd / "config.json").write_text('{"model_type": "never_heard", "auto_map": {"AutoConfig": "evil.Config"}}')
    with pytest.raises(RecipeError, match="does not know the kind of network that somebody/odd is"):
        resolve("somebody/odd", home)


def test_without_a_network_and_a_cache_a_name_cannot_be_looked_up(home):
    with pytest.raises(
        WeightsError, match="configuration of somebody/unseen is not in .*Hugging Face cannot be reached"
    ):
        resolve("somebody/unseen", home)


def test_a_cache_under_the_old_name_counts(caches, home):
    tiny("gpt2", repository(caches / "hub", "gpt2"))
    assert weights_state(backbone("gpt2"), home).kind == "cached"
    shutil.rmtree(caches / "hub")
    assert weights_state(replace(backbone("gpt2"), hub_id=""), home).kind == "missing"
