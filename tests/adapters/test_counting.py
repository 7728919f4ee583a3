"""Counts: the figures that papers give, and peft's own on every model that both can build."""

import pytest
import torch
from torch import nn

from tlcore.adapters import LoraSettings
from tlcore.adapters.configs import CONFIGS
from tlcore.adapters.counting import BIASES, adapter_params, count
from tlcore.adapters.describing import describe_config, describe_network
from tlcore.adapters.presets import described, preset, presets
from tlcore.adapters.selection import choices
from tlcore.adapters.shapes import Matrix, Shapes
from tlcore.adapters.snippet import lora_config
from tlcore.errors import RecipeError
from tlcore.zoo import backbones
from tlcore.zoo.networks import headless
from tlcore.zoo.shapes import shapes as without_numbers

PUBLISHED = {
    "llama-7b": 6_738_415_616,
    "llama-13b": 13_015_864_320,
    "llama-65b": 65_285_660_672,
    "llama-2-70b": 68_976_648_192,
    "llama-3-8b": 8_030_261_248,
    "llama-3-70b": 70_553_706_496,
    "llama-3.2-1b": 1_235_814_400,
    "mistral-7b": 7_241_732_096,
    "qwen2.5-7b": 7_615_616_512,
    "qwen2.5-72b": 72_706_203_648,
    "qwen3-8b": 8_190_735_360,
    "gpt2-xl": 1_557_611_200,
    "gpt-neox-20b": 20_554_567_680,
    "bert-base": 109_482_240,
    "roberta-base": 124_645_632,
    "vit-b-16": 86_389_248,
}
"""Parameters as the models' own pages give them."""
PAPERS = [
    ("bert-base", 8, "query,value", 294_912),
    ("roberta-base", 8, "query,value", 294_912),
    ("vit-b-16", 16, "q_proj,v_proj", 589_824),
    ("vit-b-16", 16, "q,v", 589_824),
    ("gpt3-175b", 1, "q,v", 4_718_592),
    ("gpt3-175b", 8, "q,v", 37_748_736),
    ("llama-7b", 8, "q,v", 4_194_304),
    ("llama-7b", 8, "auto", 4_194_304),
    ("llama-3-8b", 8, "k_proj,v_proj", 2 * 32 * 8 * (4096 + 1024)),
    ("mistral-7b", 8, "k_proj,v_proj", 2 * 32 * 8 * (4096 + 1024)),
    ("llama-2-70b", 8, "k_proj,v_proj", 2 * 80 * 8 * (8192 + 1024)),
    ("llama-7b", 8, "down_proj", 32 * 8 * (11_008 + 4096)),
    ("qwen3-32b", 4, "q,o", 64 * 4 * 2 * (5120 + 8192)),
]


def square(side: int, bias: bool = False) -> Shapes:
    return describe_network(nn.Sequential(nn.Linear(side, side, bias=bias)), name="x", title="X", kind="encoder")


@pytest.mark.parametrize(("name", "rank", "targets", "expected"), PAPERS)
def test_counts_of_papers(name: str, rank: int, targets: str, expected: int):
    assert count(preset(name), LoraSettings(rank=rank, targets=targets)).trainable == expected


def test_one_matrix():
    with torch.device("meta"):
        large, small = square(4096), square(512, bias=True)
    found = count(large, LoraSettings(rank=8, targets="linear"))
    assert (found.trainable, found.base, found.reduction) == (65_536, 16_777_216, 256)
    found = count(small, LoraSettings(rank=8, targets="linear"))
    assert (found.trainable, found.base) == (8_192, 262_656)
    assert count(small, LoraSettings(rank=8, targets="linear"), "lora_only").trainable == 8_192 + 512


def test_the_total_is_with_the_adapters():
    found = count(preset("llama-7b"), LoraSettings(rank=8))
    assert (found.base, found.total) == (6_738_415_616, 6_742_609_920)
    assert found.share == pytest.approx(4_194_304 / 6_742_609_920)
    assert found.file_bytes("float16") == 2 * 4_194_304


def test_presets_have_the_published_sizes():
    assert {name: preset(name).n_params for name in PUBLISHED} == PUBLISHED
    assert round(preset("gpt3-175b").n_params / 1e9, 1) == 174.6
    assert presets() == tuple(CONFIGS)


@pytest.mark.parametrize("name", ["llama-7b", "qwen3-4b", "gpt3-175b", "gpt-neox-20b", "bert-base", "vit-l-16"])
def test_the_file_of_presets_is_what_the_library_builds(name: str):
    assert preset(name) == described(name)


@pytest.mark.parametrize("name", presets())
def test_shapes_survive_being_written(name: str):
    found = preset(name)
    assert Shapes.from_dict(found.to_dict()) == found


def test_shapes_of_another_version_are_refused():
    plain = preset("bert-base").to_dict()
    with pytest.raises(RecipeError, match="cannot be read"):
        Shapes.from_dict({key: value for key, value in plain.items() if key != "matrices"})
    with pytest.raises(RecipeError, match="cannot be read"):
        Shapes.from_dict(plain | {"colour": "teal"})


@pytest.mark.parametrize("record", backbones(), ids=lambda record: record.name)
def test_peft_counts_the_same_on_the_zoo(record):
    """With the code that the page shows, on the network that trains here."""
    network = without_numbers(lambda: headless(record, draw=False))
    found = describe_network(network, name=record.name, title=record.title, kind="encoder")
    assert found.n_params == record.n_params
    settings = LoraSettings(rank=4)
    counted = count(found, settings, "all")
    assert peft_counts(network, lora_config(found, settings, "all")) == (counted.trainable, counted.total)


SMALL = {"hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 80}
GROUPED = SMALL | {"num_key_value_heads": 2}
TINY = {
    "llama": GROUPED,
    "mistral": GROUPED | {"head_dim": 8},
    "qwen2": GROUPED,
    "qwen3": GROUPED | {"head_dim": 16},
    "gpt_neox": SMALL | {"intermediate_size": 128},
    "gpt2": {"n_embd": 32, "n_head": 4, "n_layer": 2},
    "bert": SMALL,
    "roberta": SMALL,
    "albert": SMALL | {"embedding_size": 16},
    "t5": {"d_model": 32, "d_kv": 8, "num_heads": 4, "d_ff": 64, "num_layers": 2},
    "vit": SMALL | {"image_size": 32, "patch_size": 8},
}


def tiny(kind: str) -> tuple[Shapes, nn.Module]:
    """A small model of an architecture: as shapes, and as transformers builds it."""
    import transformers

    config = {"model_type": kind, "vocab_size": 64, "num_hidden_layers": 2, **TINY[kind]}
    found = describe_config(config, name=kind)
    auto = transformers.AutoModelForCausalLM if found.kind == "decoder" else transformers.AutoModel
    with torch.device("meta"):
        network = auto.from_config(transformers.AutoConfig.for_model(**config))
    return found, network


@pytest.mark.parametrize("kind", TINY)
def test_peft_counts_the_same_on_every_family(kind: str):
    for targets in ("auto", "attention", "linear"):
        for bias, more in [(bias, {}) for bias in BIASES] + [("none", {"dora": True, "rslora": True})]:
            found, network = tiny(kind)
            settings = LoraSettings(rank=3, targets=targets, **more)
            counted = count(found, settings, bias)
            expected = (counted.trainable, counted.total)
            assert peft_counts(network, lora_config(found, settings, bias)) == expected, (targets, bias)


def test_convolutions_and_attention_of_torch():
    window = Matrix(name="c", kind="convolution", d_in=3, d_out=8, kernel=9)
    assert adapter_params(window, 4) == 4 * (27 + 8) and adapter_params(window, 4, dora=True) == 4 * (27 + 8) + 8
    with torch.device("meta"):
        network = nn.Sequential(nn.MultiheadAttention(16, 2), nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3, groups=8))
    found = describe_network(network, name="x", title="X", kind="image")
    assert [matrix.name for matrix in found.matrices] == ["0", "1"], "a grouped convolution has no adapter"
    for bias in BIASES:
        counted = count(found, LoraSettings(rank=2, targets="0"), bias)
        fresh = without_numbers(lambda: nn.Sequential(nn.MultiheadAttention(16, 2), nn.Conv2d(3, 8, 3)))
        whole = describe_network(fresh, name="x", title="X", kind="image")
        counted = count(whole, LoraSettings(rank=2, targets="0"), bias)
        assert counted.adapters == 2 * 6 * 16
        assert peft_counts(fresh, lora_config(whole, LoraSettings(rank=2, targets="0"), bias))[0] == counted.trainable


def test_dora_on_the_attention_of_torch_is_refused():
    found = describe_network(nn.Sequential(nn.MultiheadAttention(16, 2)), name="x", title="X", kind="image")
    with pytest.raises(RecipeError, match="0 is torch's MultiheadAttention, which peft cannot train with DoRA"):
        count(found, LoraSettings(dora=True))


def test_choices_name_one_part_each():
    assert choices(preset("gpt2-xl").matrices) == ("c_attn", "attn.c_proj", "mlp.c_proj", "c_fc", "lm_head")
    assert "layer.*.output.dense" in choices(preset("bert-base").matrices)
    for name in presets():
        found = preset(name)
        each = [count(found, LoraSettings(targets=ending)).matrices for ending in choices(found.matrices)]
        assert sum(map(len, each)) == len(found.matrices), f"{name}: a module has two names, or none"


def test_what_nothing_answers_to():
    with pytest.raises(RecipeError, match="'nowhere'. Those that can have one end in: q_proj, k_proj, v_proj"):
        count(preset("llama-7b"), LoraSettings(targets="q_proj,nowhere"))
    with pytest.raises(RecipeError, match="one of none, lora_only, all; got 'some'"):
        count(preset("llama-7b"), LoraSettings(), "some")
    with pytest.raises(RecipeError, match="no preset called 'llama-8000b'. Known: llama-7b"):
        preset("llama-8000b")


def test_a_shared_layer_counts_once_and_passes_often():
    found = describe_config({"model_type": "albert", **TINY["albert"], "num_hidden_layers": 12}, name="albert")
    assert found.block.layers == 12 and len(count(found, LoraSettings(targets="query")).matrices) == 1


def peft_counts(network: nn.Module, code: str) -> tuple[int, int]:
    """Trainable and all parameters after peft has read the code that we print."""
    from peft.tuners.lora import LoraModel

    made: dict[str, object] = {}
    exec(code, made)
    config = made["config"]
    config.task_type = None
    model = LoraModel(network, {"default": config}, "default")
    sizes = [(p.numel(), p.requires_grad) for p in model.parameters()]
    return sum(n for n, trains in sizes if trains), sum(n for n, _ in sizes)
