"""torchvision's classifiers, as its own metadata describes them: `tlcore.zoo.catalogue` writes the file."""

from __future__ import annotations

import json
from importlib.resources import files

from tlcore.zoo.backbone import Backbone
from tlcore.zoo.plain import from_plain
from tlcore.zoo.registry import add

__all__: list[str] = []


def _records() -> list[Backbone]:
    lines = files("tlcore.zoo").joinpath("torchvision.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    given = {"modality": "image", "source": "torchvision"}
    return [from_plain({**given, "architecture": row["name"], **row}) for row in rows]


for _record in _records():
    add(_record)
