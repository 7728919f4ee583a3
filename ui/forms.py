"""Fields for the parts of a recipe. A strategy's fields are drawn from its dataclass, so a new one needs no page."""

from __future__ import annotations

from dataclasses import Field, fields
from typing import Any

import streamlit as st

from tlcore.data.augmentation import MAX_VIEWS, POLICIES, Augmentation
from tlcore.strategies import Strategy, strategy
from tlcore.training import SCHEDULES, Schedule
from tlcore.zoo import Head
from ui.words import plain

__all__ = ["augmentation_fields", "head_fields", "schedule_fields", "strategy_fields"]

AUGMENTATION_TITLES = {
    "none": "None",
    "light": "Light: crop, flip, colour",
    "standard": "Standard: crop, flip, turn, shift, colour",
    "trivial_augment": "TrivialAugment",
    "rand_augment": "RandAugment",
}
SCHEDULE_TITLES = {"cosine": "Cosine", "linear": "Linear", "constant": "Constant", "one_cycle": "One cycle"}


def strategy_fields(kind: type[Any]) -> Strategy:
    """A field for each option of a strategy.

    Raises:
        RecipeError: values that do not go together.
    """
    return strategy(kind.name, **{option.name: _field(kind.name, option) for option in fields(kind)})


def _field(owner: str, option: Field[Any]) -> Any:
    meta, default, key = option.metadata, option.default, f"{owner}-{option.name}"
    title = meta.get("title", option.name.replace("_", " ").capitalize())
    unit = f" ({meta['unit']})" if meta.get("unit") else ""
    common: dict[str, Any] = {"key": key, "help": plain(meta.get("help", "")) or None, "persist_state": "session"}
    if isinstance(default, bool):
        return st.toggle(title, default, **common)
    if "choices" in meta:
        choices = list(meta["choices"])
        return st.selectbox(title, choices, index=choices.index(default), **common)
    if isinstance(default, int):
        return st.number_input(title + unit, meta.get("min"), meta.get("max"), default, step=1, **common)
    if isinstance(default, float):
        return _number(title + unit, meta.get("min"), meta.get("max"), default, **common)
    return st.text_input(title + unit, str(default), **common)


def _number(title: str, low: float | None, high: float | None, default: float, **common: Any) -> float:
    """Small numbers, such as rates, are shown in full and stepped by a tenth of their default."""
    step = default / 10 if default else 0.01
    return st.number_input(title, low, high, default, step=step, format="%g", **common)


def augmentation_fields() -> Augmentation:
    """How training images are varied, and how many views of each a frozen backbone embeds."""
    policy, views = st.columns(2)
    with policy:
        name = st.selectbox(
            "Augmentation",
            list(POLICIES),
            key="augmentation-policy",
            format_func=lambda name: AUGMENTATION_TITLES.get(name, name),
            persist_state="session",
            help="Varied copies of the training images, against overfitting. Val and test are never varied.",
        )
    if name == "none":
        return Augmentation()
    with views:
        n = st.number_input(
            "Augmented views per image",
            1,
            MAX_VIEWS,
            2,
            key="augmentation-views",
            persist_state="session",
            help="Each is embedded once, like the plain image, and costs as much. A few help on few images.",
        )
    return Augmentation(policy=name, views=int(n))


def head_fields() -> Head:
    """The new classifier: a small network, or one linear layer."""
    layers = st.radio(
        "Head",
        ["mlp", "linear"],
        horizontal=True,
        format_func={"mlp": "One hidden layer", "linear": "Plain linear"}.__getitem__,
        key="head-kind",
        persist_state="session",
        help="A hidden layer separates what no straight line does; a plain linear head has the fewest parameters.",
    )
    if layers == "linear":
        return Head(hidden=(), dropout=(_dropout("Dropout", 0.0, "head-dropout-linear"),))
    width, before, after = st.columns(3)
    with width:
        hidden = st.number_input("Hidden width (units)", 1, 8192, 256, key="head-width", persist_state="session")
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
        persist_state="session",
        help="Share of values set to zero at random while training, against overfitting.",
    )


def schedule_fields() -> Schedule:
    """How the rate moves: its shape and the warm-up."""
    shape, warm = st.columns(2)
    with shape:
        name = st.selectbox(
            "Schedule",
            list(SCHEDULES),
            index=list(SCHEDULES).index(Schedule().name),
            key="schedule-name",
            format_func=lambda name: SCHEDULE_TITLES.get(name, name),
            persist_state="session",
            help="How the learning rate moves from the first step to the last.",
        )
    with warm:
        share = st.number_input(
            "Warm-up (% of steps)",
            0,
            90,
            round(100 * Schedule().warmup),
            5,
            key="schedule-warmup",
            persist_state="session",
            help="The rate rises from 0 over this share of the steps.",
        )
    return Schedule(name=name, warmup=share / 100)
