"""A recipe from a file, or from words in a shell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tlcore.errors import RecipeError
from tlcore.home import home
from tlcore.training.recipe import Recipe

__all__ = ["from_file", "from_options", "made_of"]


def from_file(path: Path) -> dict[str, Any]:
    """The recipe in a TOML file, as plain values.

    Raises:
        RecipeError: no such file, or no recipe.
    """
    try:
        return Recipe.from_toml(path.read_text()).to_dict()
    except OSError as error:
        raise RecipeError(f"Cannot read the recipe {path}: {error.strerror}.") from error


def from_options(source: str, backbone: str, strategy: str, epochs: int | None) -> dict[str, Any]:
    """Plain values of a recipe on a source of data, which is brought in if it is new.

    Raises:
        DataError, RecipeError: the source or a name is unknown.
    """
    from tlcore.data import resolve
    from tlcore.zoo import backbone as known
    from tlcore.zoo import backbones

    if not source:
        raise RecipeError("Say what to train on: --data PATH, --data sample:digits, or a recipe file.")
    if backbone:
        known(backbone)
    dataset = resolve(source, home())
    backbone = backbone or backbones(dataset.modality)[0].name
    plain = {"dataset": dataset.id, "backbone": backbone, "strategy": {"name": strategy}}
    return plain | ({} if epochs is None else {"epochs": epochs})


def made_of(plain: dict[str, Any], settings: list[str]) -> Recipe:
    """The recipe of plain values, with `key=value` settings put into them first.

    Raises:
        RecipeError: an unknown key, or a value out of range.
    """
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise RecipeError(f"--set takes key=value; got {setting!r}.")
        part, _, last = key.rpartition(".")
        known = {*Recipe.__dataclass_fields__, *_options(plain["strategy"]["name"])}
        if not part and key not in known:
            raise RecipeError(
                f"There is no setting {key!r}. Known: {', '.join(sorted(known))}; parts as in head.hidden."
            )
        inside = part or ("" if key in Recipe.__dataclass_fields__ else "strategy")
        target = plain.setdefault(inside, {}) if inside else plain
        if not isinstance(target, dict):
            raise RecipeError(f"--set {key}: {inside!r} has no parts.")
        target[last] = _value(text)
    return Recipe.from_dict(plain)


def _options(name: str) -> list[str]:
    from tlcore.strategies import options, strategy

    return list(options(strategy(name)))


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
