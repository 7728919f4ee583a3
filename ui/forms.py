"""Fields for the parts of a recipe. A strategy's fields are drawn from its dataclass, so a new one needs no page.

Every field keeps its value under a key of its own; `fill` writes a whole recipe into them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any

import streamlit as st

from tlcore.strategies import Optimizer, Strategy, strategies, strategy, usual
from tlcore.training import SCHEDULES, Recipe, Schedule
from tlcore.training.recipe import BALANCES, BATCH_NORMS, PRECISIONS
from tlcore.zoo import Head
from ui import state
from ui.augmentation import KEPT, filling
from ui.words import plain

__all__ = [
    "fill",
    "head_fields",
    "length_fields",
    "schedule_fields",
    "strategy_fields",
    "training_fields",
]

TITLES: Mapping[str, Mapping[str, str]] = {
    "schedule": {"cosine": "Cosine", "linear": "Linear", "constant": "Constant", "one_cycle": "One cycle"},
    "balance": {"none": "Leave as they are", "weights": "Weights in the loss", "sampling": "Sample classes equally"},
    "batch_norm": {"auto": "Automatic", "frozen": "Frozen", "train": "Trains"},
    "precision": {"auto": "Automatic", "float32": "float32", "bfloat16": "bfloat16", "float16": "float16"},
    "optimizer": {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD with momentum"},
}
BATCH_SIZE: int = Recipe.__dataclass_fields__["batch_size"].default


def strategy_fields(kind: type[Any], modality: str) -> Strategy:
    """A field for each option of a strategy, with its default for this kind of data.

    Raises:
        RecipeError: values that do not go together.
    """
    made = {option.name: _option(kind.name, modality, option) for option in fields(kind)}
    return strategy(kind.name, modality, **made)


def _option(owner: str, modality: str, option: Field[Any]) -> Any:
    meta, key = option.metadata, f"{owner}-{modality}-{option.name}"
    default = meta.get(modality, option.default)
    title = meta.get("title", option.name.replace("_", " ").capitalize())
    title += f" ({meta['unit']})" if meta.get("unit") else ""
    common: dict[str, Any] = {"key": key, "help": plain(meta.get("help", "")) or None, **KEPT}
    if isinstance(default, bool):
        return st.toggle(title, default, **common)
    if "choices" in meta:
        choices, free = list(meta["choices"]), bool(meta.get("free"))
        return st.selectbox(title, choices, index=choices.index(default), accept_new_options=free, **common)
    if isinstance(default, int):
        return st.number_input(title, meta.get("min"), meta.get("max"), default, step=1, **common)
    if isinstance(default, float):
        return _number(title, meta.get("min"), meta.get("max"), default, **common)
    return st.text_input(title, str(default), **common)


def _number(title: str, low: float | None, high: float | None, default: float, **common: Any) -> float:
    """Small numbers, such as rates, are shown in full and stepped by a tenth of their default."""
    step = default / 10 if default else 0.01
    return st.number_input(title, low, high, default, step=step, format="%g", **common)


def _choice(title: str, kind: str, options: list[str], default: str, key: str, help_text: str) -> str:
    titles = TITLES[kind]
    return st.selectbox(
        title,
        options,
        index=options.index(default),
        key=key,
        format_func=lambda name: titles.get(name, name),
        help=help_text,
        **KEPT,
    )


def head_fields() -> Head:
    """The new classifier: a small network, or one linear layer."""
    layers = st.radio(
        "Head",
        ["mlp", "linear"],
        horizontal=True,
        format_func={"mlp": "One hidden layer", "linear": "Plain linear"}.__getitem__,
        key="head-kind",
        help="A hidden layer separates what no straight line does; a plain linear head has the fewest parameters.",
        **KEPT,
    )
    if layers == "linear":
        return Head(hidden=(), dropout=(_dropout("Dropout", 0.0, "head-dropout-linear"),))
    width, before, after = st.columns(3)
    with width:
        hidden = st.number_input("Hidden width (units)", 1, 8192, 256, key="head-width", **KEPT)
    with before:
        first = _dropout("Dropout before", 0.3, "head-dropout-before")
    with after:
        second = _dropout("Dropout after", 0.2, "head-dropout-after")
    return Head(hidden=(int(hidden),), dropout=(first, second))


def _dropout(title: str, default: float, key: str) -> float:
    return st.number_input(
        title,
        0.0,
        0.95,
        default,
        0.05,
        format="%.2f",
        key=key,
        help="Share of values set to zero at random while training, against overfitting.",
        **KEPT,
    )


def length_fields(chosen: Strategy) -> dict[str, Any]:
    """Epochs, batch size and seed."""
    own = usual(chosen, "image")
    epochs, batch, seed = st.columns(3)
    return {
        "epochs": int(epochs.number_input("Epochs", 1, 10_000, own.epochs, key=f"epochs-{chosen.name}", **KEPT)),
        "batch_size": int(batch.number_input("Batch size (samples)", 1, 4096, BATCH_SIZE, key="batch-size", **KEPT)),
        "seed": int(seed.number_input("Seed", 0, 2**31 - 1, 0, key="seed", **KEPT)),
    }


def schedule_fields(chosen: Strategy) -> Schedule:
    """How the rate moves: its shape and the warm-up."""
    own = usual(chosen, "image")
    shape, warm = st.columns(2)
    with shape:
        name = _choice(
            "Schedule",
            "schedule",
            list(SCHEDULES),
            own.schedule,
            f"schedule-{chosen.name}",
            "How the learning rates move from the first step to the last.",
        )
    with warm:
        share = st.number_input(
            "Warm-up (% of steps)",
            0,
            90,
            round(100 * own.warmup),
            5,
            key=f"warmup-{chosen.name}",
            help="Rates rise from 0 over this share of the steps.",
            **KEPT,
        )
    return Schedule(name=name, warmup=share / 100)


def training_fields(chosen: Strategy, modality: str, batch_size: int) -> dict[str, Any]:
    """Everything else that a recipe says of training, with the strategy's own defaults."""
    own, name = usual(chosen, modality), chosen.name
    left, right = st.columns(2)
    with left:
        rule = _choice(
            "Optimizer", "optimizer", ["adam", "adamw", "sgd"], own.optimizer.name, f"optimizer-{name}", RULE
        )
        clip = _number("Clip gradients (norm)", 0.0, None, own.clip, key=f"clip-{name}", help=CLIP, **KEPT)
        balance = _choice("Unequal classes", "balance", list(BALANCES), "none", "balance", BALANCE)
        norm = _choice("BatchNorm of the backbone", "batch_norm", list(BATCH_NORMS), "auto", "batch-norm", NORM)
    with right:
        decay = _number(
            "Weight decay", 0.0, 1.0, own.optimizer.weight_decay, key=f"decay-{name}-{modality}", help=DECAY, **KEPT
        )
        patience = st.number_input(
            "Patience (epochs)", 0, 10_000, own.patience, key=f"patience-{name}", help=PATIENCE, **KEPT
        )
        smooth = st.number_input(
            "Label smoothing", 0.0, 0.9, 0.0, 0.05, format="%g", key="label-smoothing", help=SMOOTH, **KEPT
        )
        precision = _choice("Precision", "precision", list(PRECISIONS), "auto", "precision", PRECISION)
    parts = st.number_input("Gradient accumulation (parts)", 1, 4096, 1, key="accumulate", help=PARTS, **KEPT)
    return {
        "optimizer": Optimizer(name=rule, weight_decay=decay),
        "clip": clip,
        "balance": balance,
        "batch_norm": norm,
        "patience": int(patience),
        "label_smoothing": smooth,
        "precision": precision,
        "accumulate": min(int(parts), batch_size),
    }


RULE = "How gradients become steps."
CLIP = "Largest norm of all gradients together; 0 leaves them as they are."
BALANCE = "What makes up for classes that are much larger than others."
NORM = "Automatic freezes BatchNorm where fewer than 32 samples pass at a time: their statistics are too noisy."
DECAY = "Pulls weights towards zero; never norms and biases."
PATIENCE = "Epochs without a lower val loss after which a phase ends early; 0 is never."
SMOOTH = "Share of each label spread over all classes, against too sure a model."
PRECISION = "Of the forward pass where the backbone trains. Automatic is bfloat16 on GPUs that have it, else float32."
PARTS = "A batch passes the network in so many parts, to save memory. The step stays the same."


def fill(recipe: Recipe, modality: str) -> None:
    """Write a recipe into the fields, before they are drawn."""
    chosen, head, name = recipe.strategy, recipe.head, recipe.strategy.name
    values: dict[str, Any] = {
        f"{name}-{modality}-{option.name}": getattr(chosen, option.name) for option in _fields(name)
    }
    values |= {
        f"epochs-{name}": recipe.epochs,
        "batch-size": recipe.batch_size,
        "seed": recipe.seed,
        f"schedule-{name}": recipe.schedule.name,
        f"warmup-{name}": round(100 * recipe.schedule.warmup),
        f"optimizer-{name}": recipe.optimizer.name,
        f"decay-{name}-{modality}": recipe.optimizer.weight_decay,
        f"clip-{name}": float(recipe.clip),
        f"patience-{name}": recipe.patience,
        "balance": recipe.balance,
        "batch-norm": recipe.batch_norm,
        "label-smoothing": recipe.label_smoothing,
        "precision": recipe.precision,
        "accumulate": recipe.accumulate,
        **filling(recipe.augmentation),
        "head-kind": "mlp" if head.hidden else "linear",
    }
    if head.hidden:
        values |= {
            "head-width": head.hidden[0],
            "head-dropout-before": head.dropout[0],
            "head-dropout-after": head.dropout[-1],
        }
    else:
        values["head-dropout-linear"] = head.dropout[0]
    state.put(values, phases=recipe.phases)


def _fields(name: str) -> tuple[Field[Any], ...]:
    return next(fields(kind) for kind in strategies() if kind.name == name)
