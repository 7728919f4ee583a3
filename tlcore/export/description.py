"""What `model.json` says: all that is needed beside the weights to make inputs and the network."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import nn

from tlcore.errors import ExportError
from tlcore.export.subject import Subject
from tlcore.features.inputs import ImageInputs, TextInputs
from tlcore.zoo import Backbone
from tlcore.zoo.networks import headless, network, torchvision_settings, unpooled
from tlcore.zoo.pretrained import core
from tlcore.zoo.shapes import shapes

__all__ = ["described", "removed", "write_tokenizer"]


def described(subject: Subject) -> dict[str, Any]:
    """Plain values."""
    inputs, record = subject.inputs, subject.record
    return {
        "name": subject.name,
        "run": subject.run,
        "epoch": subject.epoch,
        "modality": record.modality,
        "classes": list(subject.classes),
        "temperature": subject.temperature,
        "image": asdict(inputs.preprocessing) if isinstance(inputs, ImageInputs) else None,
        "text": _text(inputs) if isinstance(inputs, TextInputs) else None,
        "network": _network(subject),
    }


def write_tokenizer(subject: Subject, folder: Path) -> None:
    """Of a text model, as transformers and tokenizers read it; nothing for images.

    Raises:
        ExportError: it is one that cannot be written as `tokenizer.json`.
    """
    if not isinstance(subject.inputs, TextInputs):
        return
    subject.inputs.tokenizer.save_pretrained(folder)
    if not (folder / "tokenizer.json").is_file():
        raise ExportError(
            f"The tokenizer of {subject.record.title} is of an old kind without tokenizer.json, so it cannot be taken "
            "along. Train with another backbone."
        )


def removed(record: Backbone) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of one of torchvision's networks: the modules that are nothing in a backbone, and those that are not there."""
    whole = {name: type(module) for name, module in shapes(lambda: network(record, draw=False)).named_modules()}
    left = {name: type(module) for name, module in shapes(lambda: headless(record, draw=False)).named_modules()}
    nothing = tuple(name for name, kind in left.items() if kind is nn.Identity and whole.get(name) is not nn.Identity)
    absent = tuple(name for name in whole if name and name not in left and "." not in name)
    return nothing, absent


def _text(inputs: TextInputs) -> dict[str, Any]:
    return {
        "max_tokens": inputs.max_tokens,
        "names": list(inputs.names),
        "pad": inputs.tokenizer.pad_token_id,
        "empty": inputs.empty,
    }


def _network(subject: Subject) -> dict[str, Any]:
    record, head = subject.record, subject.recipe.head
    common = {
        "source": record.source,
        "architecture": record.architecture,
        "n_features": record.n_features,
        "hidden": list(head.hidden),
        "dropout": list(head.dropout),
    }
    if record.source == "transformers":
        encoder: Any = core(subject.model.backbone)
        config = json.loads(encoder.config.to_json_string(use_diff=False))
        return {**common, "config": config, "settings": unpooled(type(encoder)), "pooling": record.pooling}
    if record.source == "torchvision":
        nothing, absent = removed(record)
        settings = torchvision_settings(record.architecture, record.input_size)
        return {**common, "settings": settings, "removed": nothing, "absent": absent}
    return common
