"""ONNX: the whole classifier as one graph, with what makes its inputs in its metadata; and the same in 8 bits."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from tlcore.errors import ExportError
from tlcore.export.catalogue import Tell
from tlcore.export.check import accuracy, compared
from tlcore.export.description import described
from tlcore.export.positional import ByPosition, by_name, example, free, names
from tlcore.export.subject import Subject

if TYPE_CHECKING:
    from tlcore.zoo.model import Inputs

__all__ = ["graph", "runner", "small", "write_graph"]

OPSET = 18
LARGEST = 2**31
"""Bytes of one protobuf message, and so of a graph with its weights inside."""
CALIBRATION = 64
"""Training samples whose activations set the ranges of 8-bit convolutions."""
VALIDATION = 512
"""Samples of val on which the 8-bit graph is scored at most."""


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
    kept = ("name", "run", "epoch", "modality", "classes", "image", "text")
    for key in kept:
        if about[key] is not None:
            said = about[key] if isinstance(about[key], str) else json.dumps(about[key], ensure_ascii=False)
            model.metadata_props.add(key=key, value=said)
    onnx.save(model, path)


def graph(subject: Subject, folder: Path, root: Path, tell: Tell) -> Mapping[str, Any]:
    """The graph, compared with PyTorch before it is offered."""
    path = folder / "model.onnx"
    tell(0.05, "exporting the graph")
    write_graph(subject, path)
    tell(0.8, "comparing it with PyTorch")
    check = compared(subject, runner(path, subject), "The ONNX graph")
    return {"words": check.sentence("ONNX Runtime"), "max_difference": check.max_difference,
            "agreement": check.agreement}  # fmt: skip


def small(subject: Subject, folder: Path, root: Path, tell: Tell) -> Mapping[str, Any]:
    """The graph in 8 bits, scored on val beside the one with floats."""
    source, path = root / "onnx" / "model.onnx", folder / "model-int8.onnx"
    static = _convolutional(source)
    tell(0.05, "measuring ranges on training samples" if static else "rounding the weights")
    _quantized(subject, source, path, static)
    tell(0.5, "scoring both on val")
    after, n = accuracy(subject, runner(path, subject), VALIDATION)
    before, _ = accuracy(subject, runner(source, subject), VALIDATION)
    how = f"static, calibrated on {CALIBRATION} training samples at most" if static else "dynamic"
    share = path.stat().st_size / source.stat().st_size
    return {
        "words": f"{100 * after:.1f} % right on {n:,} samples of val, against {100 * before:.1f} % with floats; "
        f"{100 * share:.0f} % of the size ({how}).",
        "val_accuracy": after,
        "float_val_accuracy": before,
        "n": n,
    }


def _convolutional(path: Path) -> bool:
    """Most of its products are convolutions: those want ranges that were measured."""
    import onnx

    kinds = Counter(node.op_type for node in onnx.load(path, load_external_data=False).graph.node)
    return kinds["Conv"] > kinds["MatMul"]


def _quantized(subject: Subject, source: Path, path: Path, static: bool) -> None:
    """https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html"""
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_dynamic, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".work-") as work:
        ready = Path(work) / "ready.onnx"
        quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
        if static:
            quantize_static(
                str(ready),
                str(path),
                _Ranges(subject),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
        else:
            quantize_dynamic(
                str(ready), str(path), op_types_to_quantize=["MatMul", "Gather"], per_channel=True,
                weight_type=QuantType.QInt8,
            )  # fmt: skip


class _Ranges:
    """Training samples, a batch each time it is asked, as the quantizer wants them."""

    def __init__(self, subject: Subject) -> None:
        self._batches: Iterator[dict[str, NDArray[Any]]] = (
            {name: np.ascontiguousarray(value.numpy()) for name, value in by_name(subject.record, x).items()}
            for x, _ in subject.batches("train", CALIBRATION)
        )

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        """The next batch by name, or None at the end."""
        return next(self._batches, None)
