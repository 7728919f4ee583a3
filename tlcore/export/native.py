"""The weights with all that reads them: a folder, or the one file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tlcore.export.catalogue import Tell
from tlcore.export.check import compared
from tlcore.export.description import described, write_tokenizer
from tlcore.export.files import copy, requirements, save_model, write_json
from tlcore.export.standalone.network import classifier
from tlcore.export.subject import Subject
from tlcore.zoo import Backbone

__all__ = ["beside", "native", "needed", "tensors"]

SHARED = ("model.py", "predict.py")


def beside(subject: Subject, folder: Path) -> dict[str, Any]:
    """Write all that goes with weights of any kind, and return what `model.json` says."""
    about = described(subject)
    write_json(folder / "model.json", about)
    (folder / "recipe.toml").write_text(subject.recipe.to_toml(), encoding="utf-8")
    write_tokenizer(subject, folder / "tokenizer")
    copy(SHARED, folder)
    return about


def needed(record: Backbone) -> tuple[str, ...]:
    """Packages that rebuild the network and make its inputs."""
    inputs = ("pillow",) if record.modality == "image" else ("tokenizers",)
    return ("numpy", "torch", "safetensors", record.source, *inputs)


def native(subject: Subject, folder: Path, root: Path, tell: Tell) -> Mapping[str, Any]:
    """Weights and all that reads them; loaded again before they are offered."""
    about = beside(subject, folder)
    copy(("network.py",), folder)
    requirements(folder / "requirements.txt", needed(subject.record))
    tell(0.3, "writing the weights")
    save_model(subject.merged(), folder / "model.safetensors", _notes(subject, about))
    tell(0.6, "loading them again and comparing logits")
    check = compared(subject, classifier(about, folder / "model.safetensors"), "The native folder")
    adapters = "The adapters are folded into the weights. " if subject.adapted else ""
    return {"words": adapters + check.sentence("the folder's own loader"), "max_difference": check.max_difference}


def tensors(subject: Subject, folder: Path, root: Path, tell: Tell) -> Mapping[str, Any]:
    """The file of weights alone."""
    tell(0.1, "writing the weights")
    save_model(subject.merged(), folder / "model.safetensors", _notes(subject, described(subject)))
    return {"words": "Recipe, classes and preprocessing are in the file's metadata."}


def _notes(subject: Subject, about: Mapping[str, Any]) -> dict[str, str]:
    plain = {"recipe": subject.recipe.to_dict(), "classes": list(subject.classes), "model": about}
    return {key: json.dumps(value) for key, value in plain.items()} | {"epoch": str(subject.epoch)}
