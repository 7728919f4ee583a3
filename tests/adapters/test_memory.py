"""Memory by part: what is published, what autograd really keeps of small models, and what follows from the formulas."""

import warnings
from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.adapters.test_counting import TINY
from tlcore.adapters import LoraSettings
from tlcore.adapters.counting import count
from tlcore.adapters.describing import describe_backbone, describe_config
from tlcore.adapters.memory import (
    CONTEXT,
    GPUS,
    METHODS,
    Load,
    fitting,
    largest_batch,
    layer_bytes,
    memory,
    quantised_bits,
)
from tlcore.adapters.presets import preset
from tlcore.adapters.shapes import Block
from tlcore.adapters.summary import summary
from tlcore.errors import RecipeError
from tlcore.zoo import backbone

GIB = 2**30
SHORT = Load(batch=1, tokens=512, checkpointing=True)


def taken(name, method, load=SHORT, **settings):
    found = preset(name)
    return memory(found, count(found, LoraSettings(**settings)), load, method)


def test_sixteen_bytes_a_parameter():
    """ZeRO, https://arxiv.org/abs/1910.02054: a model with 1.5 B parameters takes at least 24 GB."""
    for dtype in ("bfloat16", "float32"):
        found = taken("gpt2-xl", "full", replace(SHORT, dtype=dtype))
        assert found.weights + found.gradients + found.optimizer == 16 * 1_557_611_200
        assert found.weights + found.gradients + found.optimizer == pytest.approx(24e9, rel=0.05)


def test_seven_billion_parameters_need_more_than_a_hundred_gb():
    assert taken("llama-7b", "full").total > 100e9
    assert fitting(taken("llama-7b", "full").total) == (141,)


def test_qlora_of_65_billion_fits_48_gb():
    """https://arxiv.org/abs/2305.14314: 65 B on one GPU of 48 GB, 33 B on one of 24; in full over 780 GB."""
    large, small = (taken(name, "qlora", rank=16, targets="linear") for name in ("llama-65b", "llama-33b"))
    assert 32 * GIB < large.weights < large.total < 48 * GIB
    assert 16 * GIB < small.weights < small.total < 24 * GIB
    assert taken("llama-65b", "full").total > 780e9
    assert quantised_bits() == pytest.approx(4.127)


def test_a_quantised_base_keeps_embeddings_and_the_output_head():
    found = preset("llama-7b")
    layers = found.n_params - found.n_embedding - 4096 * 32_000 - 65 * 4096  # both tables, and the norms
    expected = layers * 4.127 / 8 + 2 * (found.n_params - layers)
    adapters = 4 * count(found, LoraSettings()).adapters
    assert taken("llama-7b", "qlora").weights == pytest.approx(expected + adapters, abs=2)


def test_equation_2_of_korthikanti():
    """s b h (34 + 5 a s / h) bytes a layer, for the GPT that the equation is about."""
    gpt3 = replace(preset("gpt3-175b").block, mlp_copies=2)
    s, h, a = 2048, 12_288, 96
    assert layer_bytes(gpt3, s, attention="eager") * s == s * h * 34 + 5 * a * s * s
    assert layer_bytes(gpt3, s) == 34 * h


def test_checkpointing_keeps_what_enters_a_layer():
    found, load = preset("llama-7b"), Load(batch=3, tokens=100, checkpointing=True)
    counted = count(found, LoraSettings())
    kept = memory(found, counted, load, "full").activations
    one = 3 * 100 * layer_bytes(found.block, 100)
    assert kept == 2 * 100 * 3 * 4096 * 32 + one
    assert memory(found, counted, replace(load, checkpointing=False), "full").activations == 32 * one


KEPT = [
    (kind, attention, adapted)
    for kind in ("llama", "qwen3", "mistral", "gpt_neox", "gpt2", "bert")
    for attention in ("fused", "eager")
    for adapted in (False, True)
]


@pytest.mark.parametrize(("kind", "attention", "adapted"), KEPT)
def test_activations_are_about_what_autograd_keeps(kind, attention, adapted):
    """The formula against the tensors saved for the backward pass, in bfloat16, of one layer more: within 15 %.

    It is below in all cases: transformers keeps the softmax in float32 as well, where the equation has 16 bits.
    """
    config = {"model_type": kind, "vocab_size": 64, **TINY[kind]}
    if attention == "fused":  # a CPU fuses attention only without dropout
        config |= {"gpt2": {"attn_pdrop": 0.0}, "bert": {"attention_probs_dropout_prob": 0.0}}.get(kind, {})
    tokens = 64
    found = describe_config(config, name=kind)
    roles = frozenset(m.role for m in count(found, LoraSettings()).matrices) if adapted else None
    expected = layer_bytes(found.block, tokens, attention=attention, adapted=roles)
    kept = [_kept(config, layers, tokens, attention, adapted, found.kind) for layers in (1, 2)]
    assert 0.85 <= expected * tokens / (kept[1] - kept[0]) <= 1.05


def test_images_are_counted_on_the_network():
    """EfficientNet-Lite0 keeps about 1,580 bytes of activations a pixel in float32."""
    found = describe_backbone(backbone("efficientnet_lite0"))
    assert found.sample_bytes / 224**2 == pytest.approx(1580, rel=0.01)
    counted = count(found, LoraSettings())
    halves, whole = (memory(found, counted, Load(batch=4, dtype=d), "full") for d in ("bfloat16", "float32"))
    assert whole.activations == 4 * found.sample_bytes == 2 * halves.activations and whole.logits == 0


def test_largest_batch_is_the_last_that_fits():
    found = preset("llama-7b")
    counted, load = count(found, LoraSettings()), Load(tokens=512)
    for method in METHODS:
        room = 140 * GIB
        n = largest_batch(found, counted, load, method, room)
        assert memory(found, counted, replace(load, batch=n), method).total <= room
        assert memory(found, counted, replace(load, batch=n + 1), method).total > room
        assert largest_batch(found, counted, load, method, 2 * GIB) == 0


def test_cards():
    assert fitting(7 * GIB) == tuple(GPUS) and fitting(8 * GIB)[0] == 12 and fitting(142 * GIB) == ()
    assert fitting(round(15.6 * GIB))[0] == 24, "a card of 16 GB has less than that to give"


def test_a_head_trains_with_every_method():
    found = preset("bert-base")
    counted = count(found, LoraSettings())
    for method in METHODS:
        without, with_head = (memory(found, counted, Load(head=n), method) for n in (0, 1000))
        assert with_head.total - without.total == 16_000, method


def test_the_summary_is_whole():
    found = summary(preset("llama-7b"), LoraSettings(rank=8, targets="q,v"), "none", SHORT)
    assert (found["trainable"], found["base"], found["total"]) == (4_194_304, 6_738_415_616, 6_742_609_920)
    assert found["adapter_bytes"] == {"float32": 16_777_216, "bfloat16": 8_388_608, "float16": 8_388_608}
    for parts in found["memory"].values():
        assert parts.pop("total") == sum(parts.values()) and parts["context"] == CONTEXT


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"dtype": "int3"}, "dtype is one of bfloat16, float16, float32; got 'int3'"),
        ({"optimizer": "luck"}, "optimizer is one of adamw, adamw_8bit, sgd; got 'luck'"),
        ({"batch": 0}, "batch is a whole number from 1 to 1,048,576; got 0"),
        ({"tokens": 2**30}, "tokens is a whole number"),
    ],
)
def test_loads_that_cannot_be_are_refused(wrong, message):
    with pytest.raises(RecipeError, match=message):
        Load(**wrong)


def test_a_method_that_is_not_one_is_refused():
    with pytest.raises(RecipeError, match="one of full, lora, qlora; got 'magic'"):
        taken("llama-7b", "magic")


def test_float32_norms_and_gates_show():
    plain = Block(layers=1, hidden=8, heads=2, query=8, key=8, mlp=32)
    assert layer_bytes(replace(plain, mlp_copies=4), 1) - layer_bytes(plain, 1) == 2 * 2 * 32 - 2 * 8
    assert layer_bytes(replace(plain, float32_norms=True), 1) - layer_bytes(plain, 1) == 4 * 2 * 8


def _kept(config, layers, tokens, attention, adapted, kind):
    import transformers

    auto = transformers.AutoModelForCausalLM if kind == "decoder" else transformers.AutoModel
    made = transformers.AutoConfig.for_model(**{**config, "use_cache": False})
    setattr(made, "n_layer" if config["model_type"] == "gpt2" else "num_hidden_layers", layers)
    if hasattr(made, "layer_types"):
        made.layer_types = ["full_attention"] * layers
    how = {"fused": "sdpa", "eager": "eager"}[attention]
    network = auto.from_config(made, dtype=torch.bfloat16, attn_implementation=how).train()
    if adapted:
        _adapt(network)
    return _saved(network, torch.zeros(1, tokens, dtype=torch.long))


def _adapt(network: nn.Module) -> None:
    from peft import LoraConfig, inject_adapter_in_model

    from tlcore.adapters.targets import target_modules

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        inject_adapter_in_model(LoraConfig(r=1, target_modules=list(target_modules(network, "auto"))), network)


def _saved(network: nn.Module, ids: torch.Tensor) -> int:
    own = {p.untyped_storage()._cdata for p in (*network.parameters(), *network.buffers())}
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = (storage.nbytes(), tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        network(input_ids=ids)
    return sum(size for size, _ in kept.values())
