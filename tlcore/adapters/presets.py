"""Shapes of well-known models, most of them too large to load here, as a file made once on torch's meta device.

`python -m tlcore.adapters.presets` writes the file anew from `configs.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from tlcore.adapters.configs import CONFIGS, TITLES
from tlcore.adapters.roles import FUSED
from tlcore.adapters.shapes import Matrix, Shapes
from tlcore.errors import RecipeError

__all__ = ["preset", "presets", "title"]

FILE = Path(__file__).with_name("presets.json")


def presets() -> tuple[str, ...]:
    """Names, in order of families and sizes."""
    return tuple(CONFIGS)


@cache
def preset(name: str) -> Shapes:
    """A model by name.

    Raises:
        RecipeError: there is none of that name.
    """
    if name not in CONFIGS:
        raise RecipeError(f"There is no preset called {name!r}. Known: {', '.join(presets())}.")
    return Shapes.from_dict(_file()[name])


def title(name: str) -> str:
    """A preset's name as people write it: `llama-2-70b` is Llama 2 70B."""
    words = [TITLES.get(part, part) for part in name.split("-")]
    return (
        " ".join(re.sub(r"^([\d.]+)b$", r"\1B", word) for word in words)
        .replace("ViT b 16", "ViT-B/16")
        .replace("ViT l 16", "ViT-L/16")
    )


@cache
def _file() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def separated(matrices: Sequence[Matrix]) -> Iterator[Matrix]:
    """With query, key and value as matrices of their own, as papers count them."""
    for matrix in matrices:
        if matrix.role != FUSED:
            yield replace(matrix, kind="linear")
            continue
        stem, width = matrix.name.rpartition(".")[0], matrix.d_out // 3
        for letter, role in (("q", "query"), ("k", "key"), ("v", "value")):
            yield replace(
                matrix, name=f"{stem}.{letter}_proj", kind="linear", d_out=width, bias=matrix.bias // 3, role=role
            )


def described(name: str) -> Shapes:
    """The shapes of a preset as its library builds them; GPT-3's, which no library has, with its paper's matrices."""
    from tlcore.adapters.describing import describe_config

    made = describe_config(CONFIGS[name], name=name, title=title(name))
    return replace(made, matrices=tuple(separated(made.matrices))) if name == "gpt3-175b" else made


def main() -> None:
    """Write the file."""
    lines = [f"{json.dumps(name)}: {json.dumps(described(name).to_dict())}" for name in presets()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
