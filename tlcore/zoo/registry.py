"""The one registry of backbones: those that come with the studio, and those that a home's users have named."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path

from tlcore.errors import RecipeError
from tlcore.zoo.backbone import Backbone
from tlcore.zoo.names import folder_name
from tlcore.zoo.plain import from_plain, to_plain

__all__ = ["add", "backbone", "backbones", "keep", "learn", "register"]

Maker = Callable[[], Backbone]
_REGISTRY: dict[str, Backbone] = {}
_NAMED: dict[str, Backbone] = {}
"""Those of the home that was learnt last: a process works for one."""


def register(maker: Maker) -> Maker:
    """Put the backbone that `maker` returns into the registry; a second one of that name is a programming error."""
    add(maker())
    return maker


def add(record: Backbone) -> None:
    """The same for a record that is there already."""
    if record.name in _REGISTRY:
        raise ValueError(f"backbone {record.name!r} is registered twice")
    _REGISTRY[record.name] = record


def backbones(modality: str | None = None, home: Path | None = None) -> tuple[Backbone, ...]:
    """All backbones, or those that read `modality`: the packaged ones first, which work anywhere, the named ones last.

    Args:
        home: Where to look for backbones that its users have named since.
    """
    if home is not None:
        learn(home)
    return tuple(record for record in _all().values() if modality in (None, record.modality))


def backbone(name: str) -> Backbone:
    """The backbone called `name`; of those that users have named, only what `learn` has found.

    Raises:
        RecipeError: there is none; the message names those that sound alike.
    """
    try:
        return _all()[name]
    except KeyError:
        close = get_close_matches(name, _all(), n=5, cutoff=0.4) or list(_REGISTRY)[:5]
        raise RecipeError(
            f"There is no backbone called {name!r}. Similar: {', '.join(close)}. `python -m tlcore models` lists all; "
            f"`python -m tlcore models --add NAME` adds one of timm's or Hugging Face's."
        ) from None


def learn(home: Path) -> None:
    """Take in the backbones that this home's users have named. To be called once by a process that will need them.

    A file that cannot be read is left out: it is another version's, or damaged, and names nothing.
    """
    found = (_read(path) for path in sorted((home / "zoo").glob("*.json")))
    fresh = {record.name: record for record in found if record and record.name not in _REGISTRY}
    for gone in _NAMED.keys() - fresh.keys():
        _NAMED.pop(gone, None)
    _NAMED.update(fresh)  # those that stay are there all the while, for other threads


def keep(record: Backbone, home: Path) -> None:
    """Write down a backbone that a user has named, and take it in."""
    path = home / "zoo" / f"{folder_name(record.name)}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(to_plain(record), indent=1, sort_keys=True))
    draft.replace(path)
    learn(home)


def _all() -> Mapping[str, Backbone]:
    return {**_REGISTRY, **_NAMED}


def _read(path: Path) -> Backbone | None:
    try:
        record = from_plain(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return record if path.stem == folder_name(record.name) else None
