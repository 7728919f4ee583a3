"""Backbones that a user names: any architecture of timm, any encoder at Hugging Face."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from tlcore.errors import RecipeError
from tlcore.zoo.backbone import Backbone
from tlcore.zoo.named_images import image_backbone, known_to_timm
from tlcore.zoo.named_texts import text_backbone
from tlcore.zoo.names import check_name
from tlcore.zoo.registry import backbone, backbones, keep, learn

__all__ = ["resolve"]


def resolve(name: str, home: Path) -> Backbone:
    """The backbone called `name`, from the registry or from its library, and then kept in `home`.

    Loads torch, and for an id at Hugging Face reads its configuration from the cache or the network.

    Raises:
        RecipeError: nobody knows the name, or it is of a network that gives no features for classes.
        WeightsError: its configuration is not on this machine, and there is no network.
    """
    check_name(name)
    learn(home)
    if name in {record.name for record in backbones()}:
        return backbone(name)
    if known_to_timm(name.removeprefix("timm/")):
        record = image_backbone(name.removeprefix("timm/"))
    elif "/" in name:
        record = text_backbone(name)
    else:
        raise RecipeError(_unknown(name))
    keep(record, home)
    return record


def _unknown(name: str) -> str:
    import timm

    ours = [record.name for record in backbones()]
    close = get_close_matches(name, dict.fromkeys([*ours, *timm.list_models()]), n=5, cutoff=0.6)
    similar = f" Similar: {', '.join(close)}." if close else ""
    return (
        f"There is no backbone called {name!r}, neither here nor in timm.{similar} A text encoder at Hugging Face is "
        "named with its owner, such as google-bert/bert-base-cased."
    )
