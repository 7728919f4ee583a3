"""Tiny text networks in Hugging Face's cache, as its client lays them out: real files, made by transformers itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

KINDS = ("bert", "distilbert", "roberta", "albert", "gpt2")
USUAL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
SIZES: dict[str, dict[str, Any]] = {
    "bert": USUAL,
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 48},
    "roberta": USUAL
    | {"max_position_embeddings": 66, "type_vocab_size": 1, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2},
    "albert": USUAL | {"embedding_size": 16},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 2, "bos_token_id": 2, "eos_token_id": 2},
}
TALK = "the parcel never arrived and my package is still missing i love a taste of fresh bread short text"
WORDS = TALK.split()


def repository(cache: Path, hub_id: str) -> Path:
    """The folder of a snapshot in the cache."""
    folder = cache / f"models--{hub_id.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("0123abcd")
    snapshot = folder / "snapshots" / "0123abcd"
    snapshot.mkdir(parents=True)
    return snapshot


def tiny(kind: str, folder: Path, *, tokenizer: bool = True) -> torch.nn.Module:
    """Save a network of this kind with the head of its pretraining, so with the names that published files have."""
    import transformers

    vocabulary = _vocabulary(kind)
    positions = {} if kind in ("roberta",) else {"n_positions" if kind == "gpt2" else "max_position_embeddings": 64}
    config = transformers.AutoConfig.for_model(kind, vocab_size=len(vocabulary), **positions, **SIZES[kind])
    torch.manual_seed(5)
    model = (transformers.AutoModelForCausalLM if kind == "gpt2" else transformers.AutoModelForMaskedLM).from_config(
        config
    )
    model.save_pretrained(folder)
    if tokenizer:
        _tokenizer(kind, vocabulary).save_pretrained(folder)
        _say_class(kind, folder)
    return model.eval()


def _vocabulary(kind: str) -> dict[str, int]:
    special = {
        "gpt2": ["<unk>", "x", "<|endoftext|>"],
        "roberta": ["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
    }.get(kind, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return {word: i for i, word in enumerate([*special, *WORDS])}


def _tokenizer(kind: str, vocabulary: dict[str, int]) -> Any:
    """Words for tokens; the special ones as the kind has them, and around a text where it puts them."""
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    names = list(vocabulary)
    unknown = "[UNK]" if "[UNK]" in vocabulary else "<unk>"
    made = Tokenizer(models.WordLevel(vocabulary, unk_token=unknown))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    if kind == "gpt2":
        return transformers.PreTrainedTokenizerFast(
            tokenizer_object=made, unk_token=unknown, eos_token=names[2], bos_token=names[2]
        )
    first, last = ("<s>", "</s>") if kind == "roberta" else ("[CLS]", "[SEP]")
    made.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", special_tokens=[(first, vocabulary[first]), (last, vocabulary[last])]
    )
    pad = "<pad>" if kind == "roberta" else "[PAD]"
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token=unknown, pad_token=pad, cls_token=first, sep_token=last
    )


def _say_class(kind: str, folder: Path) -> None:
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"tokenizer_class": "PreTrainedTokenizerFast"}))
