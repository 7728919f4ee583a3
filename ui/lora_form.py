"""The calculator's fields. Each is bound to the URL, so that a link shows the same view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import streamlit as st

from tlcore.adapters import LoraSettings
from tlcore.adapters.counting import BIASES
from tlcore.adapters.memory import ATTENTIONS, DTYPES, OPTIMIZERS, Load
from tlcore.adapters.selection import choices, endings, select
from tlcore.adapters.shapes import Shapes
from tlcore.errors import TlcoreError
from tlcore.zoo import Head
from ui import state

__all__ = ["RANKS", "Asked", "adapter_fields", "load_fields"]

Number = TypeVar("Number", int, float)
RANKS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
WHERE = {
    "auto": "Query, value",
    "attention": "All attention",
    "linear": "All linear",
    "convolution": "Convolutions",
    "own": "Choose",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the fields say of the adapter."""

    settings: LoraSettings
    bias: str


def adapter_fields(shapes: Shapes) -> Asked:
    """Rank, scale, place and variant.

    Raises:
        RecipeError: values that do not go together.
    """
    rank = st.select_slider("Rank (r)", RANKS, help=RANK, **state.linked("rank", 8, RANKS.__contains__))
    alpha = _number("Alpha", 0.25, 4096.0, 16.0, "alpha", ALPHA, step=1.0, format="%g")
    targets = _targets(shapes)
    bias = _choice("Biases that train", BIASES, "bias", BIAS)
    left, right = st.columns(2)
    rslora = left.toggle("rsLoRA", help=RSLORA, **state.linked("rslora", False))
    dora = right.toggle("DoRA", help=DORA, **state.linked("dora", False))
    settings = LoraSettings(rank=rank, alpha=alpha, targets=targets, rslora=rslora, dora=dora)
    return Asked(settings=settings, bias=bias)


def _targets(shapes: Shapes) -> str:
    """One of the usual places, or modules chosen by name."""
    kinds = [*(kind for kind in WHERE if kind == "own" or _found(shapes, kind))]
    attends = any(matrix.role in ("query", "qkv") for matrix in shapes.matrices)
    if "targets" in st.query_params and "where" not in st.query_params:
        st.query_params["where"] = "own"

    def named(kind: str) -> str:
        return "Pointwise and linear" if kind == "auto" and not attends else WHERE[kind]

    where = state.segment("where", kinds, named, label="Target modules", help_text=WHERE_HELP)
    if where != "own":
        return where
    usual = list(endings(shapes.matrices, select(shapes.matrices, "auto")))
    options = list(dict.fromkeys([*choices(shapes.matrices), *usual]))
    asked = st.query_params.get("targets", "").split(",")
    chosen = st.multiselect(
        "Modules", list(dict.fromkeys([*options, *filter(None, asked)])), accept_new_options=True, help=OWN_HELP,
        placeholder="Choose, or type the end of a name", **state.linked("targets", usual),
    )  # fmt: skip
    return ",".join(chosen)


def _found(shapes: Shapes, kind: str) -> bool:
    try:
        return bool(select(shapes.matrices, kind))
    except TlcoreError:
        return False


def load_fields(shapes: Shapes) -> Load:
    """What passes in a step, and how."""
    left, right = st.columns(2)
    with left:
        batch = _number("Batch (samples)", 1, 4096, 1, "batch", BATCH)
    tokens = _tokens(shapes, right)
    dtype = _choice("Precision", DTYPES, "dtype", DTYPE)
    optimizer = _choice("Optimizer", tuple(OPTIMIZERS), "optimizer", OPTIMIZER)
    attention, checkpointing = ATTENTIONS[0], False
    if shapes.block is not None:
        attention = _choice("Attention", ATTENTIONS, "attention", ATTENTION)
        checkpointing = st.toggle("Gradient checkpointing", help=CHECKPOINTING, **state.linked("checkpointing", False))
    head = 0
    if shapes.kind != "decoder" and shapes.n_features:
        classes = _number("Classes of the head", 0, 100_000, 2, "classes", HEAD)
        head = Head().n_params(shapes.n_features, int(classes)) if classes else 0
    return Load(
        batch=int(batch), tokens=tokens, dtype=dtype, optimizer=optimizer, attention=attention,
        checkpointing=checkpointing, head=head,
    )  # fmt: skip


def _tokens(shapes: Shapes, place: st.delta_generator.DeltaGenerator) -> int:
    if shapes.kind == "image":
        place.text_input(
            "Input", f"{shapes.tokens} tokens" if shapes.tokens else "one size", disabled=True, key="input"
        )
        return max(1, shapes.tokens)
    most = shapes.max_tokens or 2**20
    with place:
        asked = _number("Length (tokens)", 1, 2**20, 512, "tokens", TOKENS)
    if asked > most:
        st.caption(f"This model reads {most:,} tokens at most; that many are counted.")
    return min(int(asked), most)


def _number(title: str, low: Number, high: Number, default: Number, key: str, help_text: str, **look: Any) -> Number:
    kept = state.linked(key, default, lambda value: low <= value <= high)
    return cast(Number, st.number_input(title, low, high, help=help_text, **kept, **look))


def _choice(title: str, options: Sequence[str], key: str, help_text: str) -> str:
    return st.selectbox(title, options, help=help_text, **state.linked(key, options[0], options.__contains__))


RANK = "Inner width of both factors: higher learns more, and weighs more."
ALPHA = "What an adapter adds is multiplied by alpha / r. It changes no count."
BIAS = "none; lora_only, those of the chosen modules; all of the network. peft's own words."
RSLORA = "Scales by alpha / sqrt(r), which keeps high ranks stable. It changes no count."
DORA = "Trains each weight's length apart from its direction: one more parameter for each row of W."
WHERE_HELP = "Which modules get an adapter. Query and value are the usual choice in a transformer."
OWN_HELP = "Ends of module names, read from this model; `*` stands for one part of a name."
BATCH = "Samples that pass at a time."
TOKENS = "Of each text, padding included."
DTYPE = "Of the weights and activations. In 16 bits full fine-tuning keeps a float32 copy of the weights."
OPTIMIZER = "adamw keeps two float32 moments for each trained parameter, adamw_8bit two of 8 bits, sgd one momentum."
ATTENTION = (
    "fused never writes the scores down (SDPA, FlashAttention); eager keeps them, tokens x tokens for each head."
)
CHECKPOINTING = "Keeps only each layer's input and computes the rest again: far less memory, about a third more time."
HEAD = "A new classifier with one hidden layer of 256 units, as Strategy begins with. 0 is none. It is counted apart."
