"""Fields for how training images are varied: the same knobs in the recipe's form and beside the preview."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from tlcore.data.augmentation import MAX_VIEWS, POLICIES, Augmentation, knobs
from tlcore.training import Recipe

__all__ = ["KEPT", "MIXING", "TITLES", "augmentation_fields", "filling", "knob_fields", "preview_link", "preview_url"]

KEPT: dict[str, Any] = {"persist_state": "session"}
TITLES: Mapping[str, str] = {
    "none": "None",
    "light": "Light: crop, flip, colour",
    "standard": "Standard: crop, flip, turn, shift, colour",
    "own": "Own: each change by itself",
    "trivial_augment": "TrivialAugment",
    "rand_augment": "RandAugment",
}
MIXING: Mapping[str, tuple[str, float, str]] = {
    "erasing": ("Random erasing (chance)", 1.0, "Chance that a rectangle of an image is painted over."),
    "mixup": ("MixUp (alpha)", 10.0, "Blends pairs of images and their labels; 0 is off, 0.2 is usual."),
    "cutmix": ("CutMix (alpha)", 10.0, "Pastes a part of one image into another; 0 is off, 1 is usual."),
}
Link = Callable[[str, float], dict[str, Any]]
"""A knob and the policy's value for it -> what a slider needs beside its title and range: its key, and its value."""


def augmentation_fields(*, trains_backbone: bool) -> Augmentation:
    """How training images are varied, and how many views of each a frozen backbone embeds.

    Raises:
        RecipeError: values that do not go together.
    """
    left, right = st.columns(2)
    policy = left.selectbox(
        "Augmentation",
        POLICIES,
        key="augmentation-policy",
        format_func=lambda name: TITLES.get(name, name),
        help="Varied copies of the training images, against overfitting. Val and test are never varied.",
        **KEPT,
    )
    n = 0
    if policy != "none" and not trains_backbone:
        n = right.number_input(
            "Augmented views per image",
            1,
            MAX_VIEWS,
            2,
            key="augmentation-views",
            help="Each is embedded once, like the plain image, and costs as much. A few help on few images.",
            **KEPT,
        )
    given: dict[str, float] = {}
    if policy != "none":
        with st.expander("Single changes", icon=":material/tune:", key="augmentation-knobs"):
            given = knob_fields(policy, lambda name, own: {"key": _key(policy, name), "value": own, **KEPT})
    extra = _mixing(list(MIXING) if trains_backbone else ["erasing"]) if trains_backbone or policy != "none" else {}
    return Augmentation(policy=policy, views=int(n), **extra, **given)


def _mixing(names: Sequence[str]) -> dict[str, float]:
    made = {}
    for column, key in zip(st.columns(len(MIXING)), names, strict=False):
        title, high, text = MIXING[key]
        field = f"augmentation-{key}"
        made[key] = column.number_input(title, 0.0, high, 0.0, 0.1, format="%g", key=field, help=text, **KEPT)
    return made


def knob_fields(policy: str, link: Link) -> dict[str, float]:
    """A slider for each single change; returns those that differ from what the policy says."""
    own, given = Augmentation(policy=policy).values(), {}
    columns = st.columns(2)
    for place, (name, known) in enumerate(knobs().items()):
        meta = known.metadata
        value = columns[place % 2].slider(
            f"{meta['title']} ({meta['unit']})",
            float(meta["min"]),
            float(meta["max"]),
            step=float(meta["step"]),
            format="%g",
            help=meta["help"],
            **link(name, own[name]),
        )
        if round(value, 4) != own[name]:
            given[name] = round(value, 4)
    return given


def filling(augmentation: Augmentation) -> dict[str, Any]:
    """What the form's fields hold for these settings, by their keys."""
    policy = augmentation.policy
    return {
        "augmentation-policy": policy,
        "augmentation-views": max(1, augmentation.views),
        **{f"augmentation-{key}": float(getattr(augmentation, key)) for key in MIXING},
        **{_key(policy, name): float(value) for name, value in augmentation.values().items()},
    }


def preview_url(augmentation: Augmentation, *, seed: int) -> dict[str, str]:
    """The parameters with which the preview opens on these settings."""
    mixed = {key: f"{value:g}" for key in MIXING if (value := getattr(augmentation, key))}
    given = {f"{augmentation.policy}.{name}": f"{value:g}" for name, value in augmentation.given().items()}
    return {"view": "preview", "policy": augmentation.policy, "aug-seed": str(seed)} | mixed | given


def preview_link(recipe: Recipe) -> None:
    """To the preview, on the recipe's data and backbone, with its augmentation and seed."""
    varied = recipe.augmentation
    shown = {"shown": "view" if varied.views else "epoch", "dataset": recipe.dataset, "backbone": recipe.backbone}
    st.page_link(
        "pages/data.py",
        label="Preview on your images",
        icon=":material/visibility:",
        query_params=preview_url(varied, seed=recipe.seed) | shown,
    )


def _key(policy: str, name: str) -> str:
    return f"augmentation-{policy}-{name}"
