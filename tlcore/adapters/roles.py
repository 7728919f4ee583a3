"""What a matrix is to its layer, by the names that libraries give it."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["FUSED", "ROLES", "role"]

ROLES: Mapping[str, tuple[str, ...]] = {
    "query": ("query", "q_lin", "q_proj", "query_proj", "to_q", "q"),
    "key": ("key", "k_lin", "k_proj", "key_proj", "to_k", "k"),
    "value": ("value", "v_lin", "v_proj", "value_proj", "to_v", "v"),
    "qkv": ("c_attn", "qkv", "qkv_proj", "query_key_value", "Wqkv", "to_qkv"),
    "output": (
        "attention.output.dense",
        "attention.dense",
        "self_attention.dense",
        "attn.proj",
        "attn.c_proj",
        "o_proj",
        "out_lin",
        "out_proj",
        "SelfAttention.o",
        "EncDecAttention.o",
        "merge",
    ),
    "gate": ("gate_proj", "gate_up_proj", "wi_0"),
    "up": ("up_proj", "fc1", "c_fc", "lin1", "intermediate.dense", "dense_h_to_4h", "wi", "wi_1", "ffn", "mlp.0"),
    "down": ("down_proj", "fc2", "mlp.c_proj", "lin2", "output.dense", "dense_4h_to_h", "wo", "ffn_output", "mlp.3"),
    "lm_head": ("lm_head", "embed_out"),
}
"""Endings of module names in transformers, timm and torchvision. Earlier rows go first."""
FUSED = "qkv"
"""The role of a matrix that holds query, key and value side by side: an adapter trains all three."""


def role(name: str) -> str:
    """The role of a module, or nothing."""
    for found, endings in ROLES.items():
        if any(name == ending or name.endswith("." + ending) for ending in endings):
            return found
    return ""
