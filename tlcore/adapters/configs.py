"""Settings of well-known models as their own `config.json` has them, down to the numbers that decide shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["CONFIGS", "TITLES"]


def _llama(hidden: int, layers: int, heads: int, mlp: int, vocab: int = 32_000, **more: Any) -> dict[str, Any]:
    return {
        "model_type": "llama",
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "intermediate_size": mlp,
        "vocab_size": vocab,
        "max_position_embeddings": 2048,
        "tie_word_embeddings": False,
        **more,
    }


def _mistral(hidden: int, layers: int, heads: int, mlp: int, vocab: int, **more: Any) -> dict[str, Any]:
    kind = {"model_type": "mistral", "num_key_value_heads": 8, "max_position_embeddings": 32_768, "head_dim": 128}
    return _llama(hidden, layers, heads, mlp, vocab) | kind | more


def _qwen(
    kind: str, hidden: int, layers: int, heads: int, kv: int, mlp: int, vocab: int, **more: Any
) -> dict[str, Any]:
    own = {"model_type": kind, "num_key_value_heads": kv, "max_position_embeddings": 32_768}
    return _llama(hidden, layers, heads, mlp, vocab) | own | more


def _gpt2(hidden: int, layers: int, heads: int, **more: Any) -> dict[str, Any]:
    sizes = {"n_embd": hidden, "n_layer": layers, "n_head": heads, "vocab_size": 50_257, "n_positions": 1024}
    return {"model_type": "gpt2", **sizes, "activation_function": "gelu_new", **more}


def _bert(kind: str, hidden: int, layers: int, heads: int, **more: Any) -> dict[str, Any]:
    sizes = {"hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": heads}
    return {"model_type": kind, **sizes, "intermediate_size": 4 * hidden, "hidden_act": "gelu", **more}


def _neox(hidden: int, layers: int, heads: int, mlp: int, vocab: int) -> dict[str, Any]:
    own = {"max_position_embeddings": 2048, "tie_word_embeddings": False, "vocab_size": vocab}
    return _bert("gpt_neox", hidden, layers, heads) | own | {"intermediate_size": mlp}


LLAMA_3 = {"num_key_value_heads": 8, "max_position_embeddings": 8192}
LLAMA_32 = LLAMA_3 | {"max_position_embeddings": 131_072, "tie_word_embeddings": True}
TIED = {"tie_word_embeddings": True}
ROBERTA = {"vocab_size": 50_265, "max_position_embeddings": 514, "type_vocab_size": 1}
BERT = {"vocab_size": 30_522, "max_position_embeddings": 512}

CONFIGS: Mapping[str, Mapping[str, Any]] = {
    "llama-7b": _llama(4096, 32, 32, 11_008),
    "llama-13b": _llama(5120, 40, 40, 13_824),
    "llama-33b": _llama(6656, 60, 52, 17_920),
    "llama-65b": _llama(8192, 80, 64, 22_016),
    "llama-2-7b": _llama(4096, 32, 32, 11_008, max_position_embeddings=4096),
    "llama-2-13b": _llama(5120, 40, 40, 13_824, max_position_embeddings=4096),
    "llama-2-70b": _llama(8192, 80, 64, 28_672, num_key_value_heads=8, max_position_embeddings=4096),
    "llama-3-8b": _llama(4096, 32, 32, 14_336, 128_256, **LLAMA_3),
    "llama-3-70b": _llama(8192, 80, 64, 28_672, 128_256, **LLAMA_3),
    "llama-3.2-1b": _llama(2048, 16, 32, 8192, 128_256, **LLAMA_32, head_dim=64),
    "llama-3.2-3b": _llama(3072, 28, 24, 8192, 128_256, **LLAMA_32, head_dim=128),
    "mistral-7b": _mistral(4096, 32, 32, 14_336, 32_000),
    "mistral-nemo-12b": _mistral(5120, 40, 32, 14_336, 131_072, max_position_embeddings=131_072),
    "mistral-small-24b": _mistral(5120, 40, 32, 32_768, 131_072),
    "qwen2.5-0.5b": _qwen("qwen2", 896, 24, 14, 2, 4864, 151_936, **TIED),
    "qwen2.5-1.5b": _qwen("qwen2", 1536, 28, 12, 2, 8960, 151_936, **TIED),
    "qwen2.5-3b": _qwen("qwen2", 2048, 36, 16, 2, 11_008, 151_936, **TIED),
    "qwen2.5-7b": _qwen("qwen2", 3584, 28, 28, 4, 18_944, 152_064),
    "qwen2.5-14b": _qwen("qwen2", 5120, 48, 40, 8, 13_824, 152_064),
    "qwen2.5-32b": _qwen("qwen2", 5120, 64, 40, 8, 27_648, 152_064),
    "qwen2.5-72b": _qwen("qwen2", 8192, 80, 64, 8, 29_568, 152_064),
    "qwen3-0.6b": _qwen("qwen3", 1024, 28, 16, 8, 3072, 151_936, **TIED, head_dim=128),
    "qwen3-4b": _qwen("qwen3", 2560, 36, 32, 8, 9728, 151_936, **TIED, head_dim=128),
    "qwen3-8b": _qwen("qwen3", 4096, 36, 32, 8, 12_288, 151_936, head_dim=128),
    "qwen3-14b": _qwen("qwen3", 5120, 40, 40, 8, 17_408, 151_936, head_dim=128),
    "qwen3-32b": _qwen("qwen3", 5120, 64, 64, 8, 25_600, 151_936, head_dim=128),
    "gpt2-small": _gpt2(768, 12, 12),
    "gpt2-medium": _gpt2(1024, 24, 16),
    "gpt2-large": _gpt2(1280, 36, 20),
    "gpt2-xl": _gpt2(1600, 48, 25),
    "gpt3-175b": _gpt2(12_288, 96, 96, n_positions=2048),
    "pythia-6.9b": _neox(4096, 32, 32, 16_384, 50_432),
    "gpt-neox-20b": _neox(6144, 44, 64, 24_576, 50_432),
    "bert-base": _bert("bert", 768, 12, 12, **BERT),
    "bert-large": _bert("bert", 1024, 24, 16, **BERT),
    "roberta-base": _bert("roberta", 768, 12, 12, **ROBERTA),
    "roberta-large": _bert("roberta", 1024, 24, 16, **ROBERTA),
    "vit-b-16": _bert("vit", 768, 12, 12, image_size=224, patch_size=16),
    "vit-l-16": _bert("vit", 1024, 24, 16, image_size=224, patch_size=16),
}
"""By preset. `gpt3-175b` is GPT-2's architecture in the sizes of https://arxiv.org/abs/2005.14165, table 2.1."""

TITLES: Mapping[str, str] = {
    "llama": "Llama",
    "mistral": "Mistral",
    "nemo": "Nemo",
    "small": "Small",
    "medium": "Medium",
    "large": "Large",
    "xl": "XL",
    "qwen2.5": "Qwen2.5",
    "qwen3": "Qwen3",
    "gpt2": "GPT-2",
    "gpt3": "GPT-3",
    "gpt": "GPT",
    "neox": "NeoX",
    "pythia": "Pythia",
    "bert": "BERT",
    "roberta": "RoBERTa",
    "vit": "ViT",
    "base": "base",
}
"""Words of a preset's name as people write them."""
