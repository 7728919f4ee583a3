"""ONNX: the whole classifier as one graph, with what makes its inputs in its metadata."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from tlcore.errors import ExportError
from tlcore.export.catalogue import Tell
from tlcore.export.check import compared
from tlcore.export.description import described, write_tokenizer
from tlcore.export.positional import ByPosition, by_name, example, free, names
from tlcore.export.subject import Subject

if TYPE_CHECKING:
    from tlcore.zoo.model import Inputs

__all__ = ["graph", "runner", "write_graph"]

OPSET = 18
LARGEST = 2**31
"""Bytes of one protobuf message, and so of a graph with its weights inside."""


def write_graph(subject: Subject, path: Path) -> None:
    """Any number of samples (and any length of texts) -> `logits`.

    Raises:
        ExportError: the weights are larger than one graph can hold, or torch cannot export this network.
    """
    model, record = subject.merged(), subject.record
    size = sum(value.nbytes for value in model.state_dict().values())
    if size >= LARGEST:
        raise ExportError(f"The weights take {size:,} bytes, and an ONNX file holds less than {LARGEST:,}.")
    dynamic = free(record)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                ByPosition(model, names(record)).eval(),
                example(record),
                path,
                dynamo=True,
                dynamic_shapes=(dynamic,),
                input_names=list(names(record)),
                output_names=["logits"],
                external_data=False,
                opset_version=OPSET,
                verbose=False,
            )
    except torch.onnx.errors.OnnxExporterError as error:
        raise ExportError(
            f"{record.title} cannot be exported to ONNX by this version of torch: {str(error).splitlines()[0]}"
        ) from error
    _annotate(path, described(subject))


def runner(path: Path, subject: Subject) -> Callable[[Inputs], NDArray[np.float32]]:
    """ONNX Runtime on the CPU, as a function of the inputs."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    taken = [node.name for node in session.get_inputs()]

    def run(x: Inputs) -> NDArray[np.float32]:
        given = by_name(subject.record, x)
        (logits,) = session.run(None, {name: np.ascontiguousarray(given[name].numpy()) for name in taken})
        return np.asarray(logits, dtype=np.float32)

    return run


def _annotate(path: Path, about: Mapping[str, Any]) -> None:
    import onnx

    model = onnx.load(path)
    kept = ("name", "run", "epoch", "modality", "classes", "temperature", "image", "text")
    for key in kept:
        if about[key] is not None:
            said = about[key] if isinstance(about[key], str) else json.dumps(about[key], ensure_ascii=False)
            model.metadata_props.add(key=key, value=said)
    onnx.save(model, path)


def graph(subject: Subject, folder: Path, root: Path, tell: Tell) -> Mapping[str, Any]:
    """The graph, compared with PyTorch before it is offered; of texts with the tokenizer that makes its inputs."""
    path = folder / "model.onnx"
    write_tokenizer(subject, folder / "tokenizer")
    tell(0.05, "exporting the graph")
    write_graph(subject, path)
    tell(0.8, "comparing it with PyTorch")
    check = compared(subject, runner(path, subject), "The ONNX graph")
    return {"words": check.sentence("ONNX Runtime"), "max_difference": check.max_difference,
            "agreement": check.agreement}  # fmt: skip
