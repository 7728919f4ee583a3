"""A model's `config.json` as somebody pastes it: read with suspicion, for shapes only.

Numbers and a few words are taken where the architecture knows them; all else, code of other people above all, is left.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tlcore.errors import RecipeError

__all__ = ["PASTED", "keep", "kept", "parse", "refuse_absurd"]

PASTED = "config-"
"""Names of pasted models begin so."""
MOST_BYTES = 100_000
MOST_DEPTH = 4
MOST_ENTRIES = 2_000
MOST: Mapping[str, int] = {
    "layers": 512,
    "experts": 1_024,
    "heads": 1_024,
    "tokens": 2**24,
    "width": 2**20,
    "words": 2**22,
}
"""The largest numbers of their kind that are taken; models of today stay well below."""
KINDS = (
    ("layers", re.compile(r"layer|depth|block|^n_dec|^n_enc")),
    ("experts", re.compile(r"expert")),
    ("heads", re.compile(r"head(?!_?dim)")),
    ("words", re.compile(r"vocab")),
    ("tokens", re.compile(r"position|context|window|^n_ctx$|seq|length|max_|token_id")),
)
"""What a number counts, by its key; all others are widths."""


def parse(text: str) -> dict[str, Any]:
    """The settings in a pasted text.

    Raises:
        RecipeError: too long, no JSON object, no `model_type`, or a number that no model has.
    """
    if len(text.encode()) > MOST_BYTES:
        raise RecipeError(f"A config.json has a few kilobytes; this text has {len(text.encode()):,} bytes.")
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"This is not JSON: {error}. Paste the whole config.json, braces included.") from error
    if not isinstance(config, dict):
        raise RecipeError(f"A config.json is an object in braces; this is a {type(config).__name__}.")
    kind = config.get("model_type")
    if not isinstance(kind, str) or not re.fullmatch(r"[A-Za-z0-9_.\-]{1,60}", kind):
        raise RecipeError(
            f'A config.json names its architecture as "model_type", such as "llama"; this one has {kind!r}.'
        )
    refuse_absurd(config)
    return config


def refuse_absurd(config: Mapping[str, Any], depth: int = 0) -> None:
    """Raise if a number is beyond what any model has, so that nothing is built of it.

    Raises:
        RecipeError: it names the key, the value and the limit.
    """
    if depth > MOST_DEPTH:
        raise RecipeError(f"A config.json nests objects {MOST_DEPTH} deep at most; this one goes deeper.")
    for key, value in config.items():
        if isinstance(value, Mapping):
            refuse_absurd(value, depth + 1)
        elif isinstance(value, list):
            if len(value) > MOST_ENTRIES:
                raise RecipeError(f"{key} lists {len(value):,} entries; {MOST_ENTRIES:,} are the most.")
            refuse_absurd({key: max(map(_size, value), default=0)})
        else:
            kind = next((kind for kind, named in KINDS if named.search(str(key).lower())), "width")
            if _size(value) > MOST[kind]:
                raise RecipeError(f"{key} is {value:,}; no model has more than {MOST[kind]:,} of those.")
            if kind in ("layers", "heads") and _size(value) and value < 0:
                raise RecipeError(f"{key} is {value:,}; a model has at least one of those.")


def _size(value: object) -> float:
    """How large a number is; of all else, nothing. Not a number counts as beyond all limits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return abs(value) if value == value else float("inf")


def keep(config: Mapping[str, Any], home: Path) -> str:
    """Keep a pasted config on this server; returns the name that links know it by."""
    plain = json.dumps(config, sort_keys=True)
    name = PASTED + hashlib.sha256(plain.encode()).hexdigest()[:12]
    path = home / "configs" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(plain, encoding="utf-8")
    draft.replace(path)
    return name


def kept(name: str, home: Path) -> dict[str, Any]:
    """A config that was pasted on this server.

    Raises:
        RecipeError: there is none of that name.
    """
    path = home / "configs" / f"{name}.json"
    if not re.fullmatch(rf"{PASTED}[0-9a-f]{{12}}", name) or not path.is_file():
        raise RecipeError(f"No config.json called {name!r} was pasted on this server. Paste it again.")
    config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return config
