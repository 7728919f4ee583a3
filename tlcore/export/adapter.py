"""The low-rank adapter alone, as peft loads it onto the network of the library that the backbone comes from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tlcore.adapters.lora import PREFIX, adapter_state, save_adapter
from tlcore.export.catalogue import Tell
from tlcore.export.check import Check, compared
from tlcore.export.description import described, write_tokenizer
from tlcore.export.files import copy, requirements, write_json
from tlcore.export.standalone.load import load
from tlcore.export.subject import Subject
from tlcore.zoo.model import load_backbone
from tlcore.zoo.pretrained import core

__all__ = ["adapter"]

WRAPPER = "encoder."
"""What a text backbone here puts before the names of its library's network."""


def adapter(subject: Subject, folder: Path, root: Path, tell: Tell) -> Mapping[str, Any]:
    """What peft reads, and the head."""
    save_adapter(subject.model, folder, subject.classes)
    if subject.record.source == "transformers":
        _unwrap(subject, folder)
    _name_base(subject, folder)
    write_json(folder / "model.json", described(subject))
    write_tokenizer(subject, folder / "tokenizer")
    copy(("load.py", "network.py"), folder)
    requirements(folder / "requirements.txt", ("torch", "peft", "safetensors", subject.record.source))
    tell(0.5, "loading it onto the base with peft and comparing logits")
    check = _checked(subject, folder)
    n_bytes = (folder / "adapter_model.safetensors").stat().st_size
    return {
        "words": f"{n_bytes:,} bytes of adapter, and the head beside it. {check.sentence('peft')}",
        "max_difference": check.max_difference,
    }


def _unwrap(subject: Subject, folder: Path) -> None:
    """Names as the library's own network has them."""
    from safetensors.torch import save_file

    state = {
        PREFIX + name.removeprefix(PREFIX + WRAPPER): value for name, value in adapter_state(subject.model).items()
    }
    save_file(state, folder / "adapter_model.safetensors", metadata={"format": "pt"})


def _name_base(subject: Subject, folder: Path) -> None:
    path, record = folder / "adapter_config.json", subject.record
    config = json.loads(path.read_text(encoding="utf-8"))
    if record.source == "transformers":
        parts = config["target_modules"].split("|")
        config["target_modules"] = "|".join(part.removeprefix(re.escape(WRAPPER)) for part in parts)
    config["base_model_name_or_path"] = record.hub_id or record.architecture
    write_json(path, config)


def _checked(subject: Subject, folder: Path) -> Check:
    """Onto a base that is loaded anew, by the loader that goes along."""
    base = core(load_backbone(subject.record, home=subject.home))
    return compared(subject, load(base, folder), "The adapter")
