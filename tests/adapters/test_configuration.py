"""A pasted config.json: shapes come of it, and nothing else."""

import json

import pytest

from tests.adapters.test_counting import TINY
from tlcore.adapters import LoraSettings
from tlcore.adapters.configuration import keep, kept, parse
from tlcore.adapters.counting import count
from tlcore.adapters.describing import describe_config
from tlcore.errors import RecipeError
from tlcore.runs.measurements import bounded, shapes

LLAMA = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 64, "num_hidden_layers": 2}
LLAMA |= TINY["llama"]


def quiet(share, words):
    """Nobody listens."""


def test_a_real_one_with_everything_that_hubs_write():
    more = {"torch_dtype": "bfloat16", "transformers_version": "4.41.2", "rope_scaling": None, "eos_token_id": [1, 2]}
    more |= {"quantization_config": {"quant_method": "awq", "bits": 4}, "_name_or_path": "/etc/passwd"}
    text = json.dumps(LLAMA | more)
    found = describe_config(parse(text), name="mine")
    assert found.kind == "decoder" and found.vocab == 64 and found.title == "LlamaForCausalLM from a config.json"
    assert count(found, LoraSettings(rank=2)).trainable == 2 * 2 * ((32 + 32) + (32 + 16))


def test_what_it_is_depends_on_its_architectures():
    bert = {"model_type": "bert", **TINY["bert"], "num_hidden_layers": 1}
    assert describe_config(bert | {"architectures": ["BertForMaskedLM"]}, name="x").kind == "encoder"
    assert describe_config(bert | {"architectures": ["BertLMHeadModel"]}, name="x").kind == "decoder"
    assert describe_config({"model_type": "vit", **TINY["vit"]}, name="x").tokens == 17


def test_a_model_inside_a_model():
    inner = {key: value for key, value in LLAMA.items() if key not in ("model_type", "architectures")}
    both = {"model_type": "gemma3", "text_config": {**inner, "head_dim": 8, "model_type": "gemma3_text"}}
    both["vision_config"] = {**TINY["vit"], "num_hidden_layers": 1}
    found = describe_config(both | {"architectures": ["Gemma3ForConditionalGeneration"]}, name="x")
    assert found.block.layers == 2 and found.n_params < 2_000_000


def test_code_of_others_is_never_run(tmp_path, monkeypatch):
    (tmp_path / "modeling_evil.py").write_text("open('was-run', 'w')\nclass Evil: pass\n")
    monkeypatch.chdir(tmp_path)
    remote = {"auto_map": {"AutoModelForCausalLM": "modeling_evil.Evil", "AutoConfig": "modeling_evil.Evil"}}
    found = describe_config(parse(json.dumps(LLAMA | remote | {"_name_or_path": str(tmp_path)})), name="x")
    assert found.n_params > 0 and not (tmp_path / "was-run").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "This is not JSON"),
        ("[1]", "an object in braces; this is a list"),
        ("[" * 5000, "This is not JSON"),
        ("{}", '"model_type", such as "llama"; this one has None'),
        ('{"model_type": "../../etc"}', "this one has '../../etc'"),
        (json.dumps({"model_type": "llama", "x": "a" * 200_000}), "this text has 200,"),
        (json.dumps(LLAMA | {"num_hidden_layers": 10**9}), "layers is 1,000,000,000; no model has more than 512"),
        (json.dumps(LLAMA | {"hidden_size": 10**12}), "hidden_size is 1,000,000,000,000"),
        (json.dumps(LLAMA | {"num_local_experts": 10**6}), "num_local_experts is 1,000,000"),
        (json.dumps(LLAMA | {"vocab_size": 10**11}), "vocab_size is 100,000,000,000"),
        (json.dumps(LLAMA | {"num_labels": 10**9}), "num_labels is 1,000,000,000"),
        (json.dumps(LLAMA | {"layer_types": ["x"] * 5000}), "layer_types lists 5,000 entries"),
        (json.dumps(LLAMA | {"text_config": {"num_hidden_layers": 10**7}}), "num_hidden_layers is 10,000,000"),
        (json.dumps(LLAMA | {"a": {"a": {"a": {"a": {"a": {"a": 1}}}}}}), "nests objects 4 deep"),
        ('{"model_type": "llama", "hidden_size": NaN}', "hidden_size is"),
        ('{"model_type": "llama", "hidden_size": 1e999}', "hidden_size is inf"),
    ],
)  # fmt: skip
def test_what_no_model_has_is_refused(text, message):
    with pytest.raises(RecipeError, match=message):
        parse(text)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "lama"}, "knows no model_type 'lama'"),
        ({"hidden_size": 33, "num_attention_heads": 4}, "cannot build a llama of these settings: "),
        ({"hidden_size": "large"}, ""),
        ({"num_attention_heads": 0}, "cannot build a llama"),
    ],
)
def test_what_cannot_be_built_says_so(changes, message):
    if message:
        with pytest.raises(RecipeError, match=message):
            describe_config(LLAMA | changes, name="x")
    else:
        assert describe_config(LLAMA | changes, name="x").block.hidden == 4096, "a word is no number: the usual one"


def test_kept_configs_are_found_by_name_only(home):
    name = keep(LLAMA, home)
    assert kept(name, home) == LLAMA and keep(LLAMA, home) == name
    for wrong in ("config-000000000000", "../secrets", "config-../../../x", name + "/.."):
        with pytest.raises(RecipeError, match="was pasted on this server"):
            kept(wrong, home)


def test_the_job_answers_with_shapes(home):
    found = shapes(home, {"config": LLAMA, "name": "config-1"}, quiet)
    assert found["name"] == "config-1" and found["block"]["key"] == 16
    with pytest.raises(RecipeError, match="no model has more than 512"):
        shapes(home, {"config": LLAMA | {"num_hidden_layers": 513}, "name": "x"}, quiet)


def test_memory_is_bounded():
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(RecipeError, match="takes more than 64 MiB"), bounded(2**26, 600):
        bytearray(2**30)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
