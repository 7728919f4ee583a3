"""The one registry of backbones."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from tlcore.errors import RecipeError
from tlcore.zoo.backbone import Backbone

__all__ = ["backbone", "backbones", "register"]

Maker = Callable[[], Backbone]
_REGISTRY: dict[str, Backbone] = {}


def register(maker: Maker) -> Maker:
    """Put the backbone that `maker` returns into the registry; a second one of that name is a programming error."""
    add(maker())
    return maker


def add(record: Backbone) -> None:
    """The same for a record that is there already."""
    if record.name in _REGISTRY:
        raise ValueError(f"backbone {record.name!r} is registered twice")
    _REGISTRY[record.name] = record


def backbones(modality: str | None = None) -> tuple[Backbone, ...]:
    """All registered backbones, or those that read `modality`: the packaged ones first, which work anywhere."""
    return tuple(record for record in _REGISTRY.values() if modality in (None, record.modality))


def backbone(name: str) -> Backbone:
    """The backbone called `name`.

    Raises:
        RecipeError: there is none; the message names those that sound alike.
    """
    try:
        return _REGISTRY[name]
    except KeyError:
        close = get_close_matches(name, _REGISTRY, n=5, cutoff=0.5) or list(_REGISTRY)[:5]
        raise RecipeError(
            f"There is no backbone called {name!r}. Similar: {', '.join(close)}. `python -m tlcore models` lists all."
        ) from None
