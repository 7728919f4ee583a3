"""The classifier as a program that torch runs without the code it was written in."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from tlcore.errors import ExportError
from tlcore.export.catalogue import Tell
from tlcore.export.check import compared
from tlcore.export.description import described
from tlcore.export.positional import ByPosition, by_name, example, free, names
from tlcore.export.subject import Subject

if TYPE_CHECKING:
    from tlcore.zoo.model import Inputs

__all__ = ["program", "torchscript"]


def program(subject: Subject, folder: Path, root: Path, tell: Tell) -> Mapping[str, Any]:
    """https://docs.pytorch.org/docs/stable/export.html; description and classes are in the file's extra part."""
    record, path = subject.record, folder / "model.pt2"
    tell(0.05, "tracing")
    try:
        traced = torch.export.export(
            ByPosition(subject.merged(), names(record)).eval(), example(record), dynamic_shapes=(free(record),)
        )
    except Exception as error:  # whatever of a network torch cannot follow
        raise ExportError(f"torch.export cannot follow {record.title}: {str(error).splitlines()[0]}") from error
    torch.export.save(traced, path, extra_files={"model.json": json.dumps(described(subject))})
    tell(0.7, "loading it again and comparing logits")
    check = compared(subject, _by_position(torch.export.load(path).module(), subject), "The torch.export program")
    return {"words": check.sentence("torch.export.load"), "max_difference": check.max_difference}


def torchscript(subject: Subject, folder: Path, root: Path, tell: Tell) -> Mapping[str, Any]:
    """Deprecated in torch itself, and still what some runtimes in C++ and on phones read."""
    record, path = subject.record, folder / "model.torchscript.pt"
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(ByPosition(subject.merged(), names(record)).eval(), example(record))
        torch.jit.save(traced, path, _extra_files={"model.json": json.dumps(described(subject))})
        check = compared(subject, _by_position(torch.jit.load(path), subject), "TorchScript")
    return {
        "words": f"TorchScript is deprecated in torch: take torch.export where you can. {check.sentence('torch.jit')}",
        "max_difference": check.max_difference,
    }


def _by_position(program: Callable[..., Tensor], subject: Subject) -> Callable[[Inputs], Tensor]:
    return lambda x: program(*by_name(subject.record, x).values())
