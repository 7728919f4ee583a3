"""Memory of a training by part, from shapes alone: what is counted, and every assumption as a constant with its source.

Nothing here was measured on a GPU; tests compare the activations with what autograd keeps of small models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from tlcore.adapters.counting import BYTES, Count
from tlcore.adapters.shapes import Block, Shapes
from tlcore.errors import RecipeError

__all__ = [
    "ATTENTIONS",
    "CONTEXT",
    "DTYPES",
    "GPUS",
    "METHODS",
    "OPTIMIZERS",
    "Load",
    "Memory",
    "fitting",
    "largest_batch",
    "memory",
    "quantised_bits",
]

METHODS = ("full", "lora", "qlora")
DTYPES = ("bfloat16", "float16", "float32")
ATTENTIONS = ("fused", "eager")
"""`fused` computes attention without writing the scores down (SDPA, FlashAttention, https://arxiv.org/abs/2205.14135)."""
OPTIMIZERS: Mapping[str, int] = {"adamw": 8, "adamw_8bit": 2, "sgd": 4}
"""Bytes of state for each parameter that trains: two moments in float32, two of 8 bits
(https://arxiv.org/abs/2110.02861), one momentum in float32."""
MASTER = 4
"""Bytes of the float32 copy that mixed precision updates, where weights are in 16 bits: https://arxiv.org/abs/1910.02054,
section 3.1, whose 16 bytes a parameter are 2 + 2 + 12."""
ADAPTER = 4
"""Bytes of an adapter's parameter, and of its gradient: peft keeps adapters in float32 over a base of 16 bits."""
NF4_BITS = 4.0
"""Bits of a quantised weight."""
CONSTANT_BITS = 0.127
"""Bits more for the quantisation constants, quantised themselves: https://arxiv.org/abs/2305.14314, section 3."""
SCORES = 5
"""Bytes for each pair of tokens and each head where attention is not fused: scores after softmax and after dropout, and
its mask, in 16 bits: https://arxiv.org/abs/2205.05198, equation 2."""
MASKS = 2
"""Bytes of dropout masks for each token and feature in a layer, one behind attention and one behind the MLP (same
equation); models with a gated MLP are trained without dropout."""
FLOAT32_NORM = 4
"""Bytes for each token and feature that enters a norm which works in float32."""
GATED = 4
"""Tensors that a gated MLP keeps: gate, its activation, the other half, and their product."""
ATTENDING = ("query", "key", "value", "qkv")
LOGIT = 8
"""Bytes for each token and word of the vocabulary beside the logits themselves: their logarithm and its gradient, in
float32."""
CONTEXT = 3 * 2**28
"""Bytes, 0.75 GiB, that CUDA, its libraries and their workspaces take before the first tensor. An assumption: it
differs between cards and versions."""
GPUS: Mapping[int, str] = {
    8: "RTX 4060",
    12: "RTX 3060",
    16: "RTX 4080, RTX A4000",
    24: "RTX 4090, L4, A10",
    32: "RTX 5090",
    40: "A100",
    48: "L40S, RTX A6000",
    80: "A100, H100",
    96: "GH200, RTX PRO 6000",
    141: "H200",
}
"""Memory of one card in GiB, and cards that have it."""
GIB = 2**30
SPARE = 0.1
"""Of a card's memory: what the driver and error correction keep of its nominal size, and what fragmentation loses."""
MOST_BATCH = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What passes the network in a step, and how."""

    batch: int = 1
    """Samples at a time."""
    tokens: int = 512
    """Length of each, where the network does not fix it."""
    dtype: str = "bfloat16"
    """Of weights that are not quantised, and of activations."""
    optimizer: str = "adamw"
    attention: str = "fused"
    checkpointing: bool = False
    """Keep only what enters each layer, and compute the rest again in the backward pass."""
    head: int = 0
    """Parameters of a new classifier, which trains with every method."""

    def __post_init__(self) -> None:
        for name, known in (("dtype", DTYPES), ("optimizer", tuple(OPTIMIZERS)), ("attention", ATTENTIONS)):
            if getattr(self, name) not in known:
                raise RecipeError(f"{name} is one of {', '.join(known)}; got {getattr(self, name)!r}.")
        for name, most in (("batch", MOST_BATCH), ("tokens", 2**24)):
            if not 1 <= getattr(self, name) <= most:
                raise RecipeError(f"{name} is a whole number from 1 to {most:,}; got {getattr(self, name)!r}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes by part."""

    weights: int
    """Of the base, a classifier and adapters."""
    gradients: int
    optimizer: int
    """Its state, float32 copies of 16-bit weights with it."""
    activations: int
    """Kept for the backward pass."""
    logits: int
    """Over the vocabulary, with what the loss makes of them."""
    context: int = CONTEXT
    """Before the first tensor."""

    @property
    def total(self) -> int:
        """All parts."""
        return sum(self.parts().values())

    def parts(self) -> dict[str, int]:
        """Bytes by the name of the part."""
        return {part.name: getattr(self, part.name) for part in fields(self)}


def memory(shapes: Shapes, counted: Count, load: Load, method: str) -> Memory:
    """What a training takes by `full` fine-tuning, `lora`, or `qlora`, whose base is quantised.

    Raises:
        RecipeError: there is no such method.
    """
    if method not in METHODS:
        raise RecipeError(f"A method is one of {', '.join(METHODS)}; got {method!r}.")
    width, small = BYTES[load.dtype], load.head + (0 if method == "full" else counted.trainable)
    trained = shapes.n_params if method == "full" else 0
    base = _quantised(shapes, width) if method == "qlora" else width * shapes.n_params
    copies = MASTER if width < MASTER else 0
    return Memory(
        weights=base + ADAPTER * (small - (counted.biases if method != "full" else 0)),
        gradients=width * trained + ADAPTER * small,
        optimizer=(OPTIMIZERS[load.optimizer] + copies) * trained + OPTIMIZERS[load.optimizer] * small,
        activations=load.batch * _sample(shapes, counted, load, method),
        logits=load.batch * _tokens(shapes, load) * shapes.vocab * (width + LOGIT),
    )


def largest_batch(shapes: Shapes, counted: Count, load: Load, method: str, room: int) -> int:
    """Samples at a time that fit into `room` bytes; 0 where not even one does."""
    one = memory(shapes, counted, replace(load, batch=1), method)
    each = one.activations + one.logits
    left = room - (one.total - each)
    return 0 if left < each else min(MOST_BATCH, left // each if each else MOST_BATCH)


def fitting(n_bytes: int) -> tuple[int, ...]:
    """Sizes of single cards, in GiB, that hold so much with a tenth to spare."""
    return tuple(size for size in GPUS if n_bytes <= (1 - SPARE) * size * GIB)


def quantised_bits() -> float:
    """Bits a weight takes in QLoRA."""
    return NF4_BITS + CONSTANT_BITS


def _quantised(shapes: Shapes, width: int) -> int:
    """Linear layers in 4 bits; embeddings, norms, biases, convolutions and the output head as they were."""
    kinds = ("linear", "transposed")
    packed = sum(m.n_params for m in shapes.matrices if m.kind in kinds and m.role != "lm_head")
    return round(packed * quantised_bits() / 8) + width * (shapes.n_params - packed)


def _tokens(shapes: Shapes, load: Load) -> int:
    return shapes.tokens or load.tokens


def _sample(shapes: Shapes, counted: Count, load: Load, method: str) -> int:
    """Bytes of activations that one sample leaves."""
    width = BYTES[load.dtype]
    if shapes.block is None:
        return round(shapes.sample_bytes * width / BYTES["float32"])
    tokens, block = _tokens(shapes, load), shapes.block
    adapted = None if method == "full" else frozenset(m.role for m in counted.matrices)
    layer = tokens * layer_bytes(block, tokens, width=width, attention=load.attention, adapted=adapted)
    if load.checkpointing:
        return width * block.hidden * tokens * block.layers + layer
    return layer * block.layers


def layer_bytes(
    block: Block, tokens: int, *, width: int = 2, attention: str = "fused", adapted: frozenset[str] | None = None
) -> int:
    """Bytes that one layer keeps of each token.

    Equation 2 of https://arxiv.org/abs/2205.05198, h (34 + 5 a s / h), in the widths that layers really have: with
    queries, keys and values of width h and an MLP of 4 h it is that. A frozen layer does not keep its input for a
    gradient that nobody wants: `adapted` are the roles of matrices with an adapter, None if everything trains.
    """
    h, frozen = block.hidden, adapted is not None
    inner = block.mlp_copies - (frozen and not _any(adapted, "down"))
    inputs = 2 - (frozen and not _any(adapted, "gate", "up")) - (frozen and not _any(adapted, *ATTENDING))
    kept = width * (inputs * h + inner * block.mlp + 2 * block.query + 2 * block.key)
    masks = 0 if block.mlp_copies == GATED else MASKS * h
    scores = SCORES * block.heads * tokens * width // 2 if attention == "eager" else 0
    return _norms(block, width, frozen=frozen) + kept + masks + scores


def _norms(block: Block, width: int, *, frozen: bool) -> int:
    """What norms keep: their input; in float32 also what their weight multiplies, if that trains."""
    normed = 2 * block.hidden + (block.query + block.key if block.head_norms else 0)
    if not block.float32_norms:
        return width * normed
    return normed * (FLOAT32_NORM + (0 if frozen else width))


def _any(adapted: frozenset[str] | None, *roles: str) -> bool:
    return adapted is not None and any(role in adapted for role in roles)
