"""ONNX in 8 bits: a quarter of the size, and what that costs, counted on the samples that the floats are counted on."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlcore.data import Split
from tlcore.errors import ExportError
from tlcore.evaluation.significance import wilson
from tlcore.export.catalogue import Tell
from tlcore.export.check import answers
from tlcore.export.description import write_tokenizer
from tlcore.export.graph import runner
from tlcore.export.positional import by_name
from tlcore.export.subject import Subject

__all__ = ["MOST", "Cost", "counted", "small"]

CALIBRATION = 64
"""Training samples whose activations set the ranges of 8-bit convolutions."""
MOST = 1_000
"""Samples on which both graphs are scored at most, spread over the whole split."""
WORTH_SAYING, TOO_MUCH = 0.02, 0.10
"""Losses of accuracy from which on the page warns, and from which on the graph is not offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the rounding does to the answers."""

    n: int
    """Samples."""
    split: str
    """That they are from."""
    rounded: float
    """Share that is right in 8 bits, in [0, 1]."""
    floats: float
    """The same with floats, on the very same samples."""
    changed: int
    """Samples that get another class."""

    @property
    def lost(self) -> float:
        """Share of the samples; negative where rounding happened to help."""
        return self.floats - self.rounded

    def sentence(self) -> str:
        """For people, with 95 % intervals by Wilson's formula."""
        return (
            f"On the same {self.n:,} samples of {self.split}: {_shares(self.rounded, self.n)} right in 8 bits, "
            f"{_shares(self.floats, self.n)} with floats; {self.changed:,} get another class. "
            "In brackets: 95 % intervals by Wilson's formula."
        )

    def caution(self) -> str:
        """What to mind before it is used; empty where little is lost."""
        if self.lost < WORTH_SAYING:
            return ""
        return (
            f"Rounding to 8 bits costs this model {100 * self.lost:.1f} points of accuracy: take the ONNX with floats "
            "unless size matters more."
        )


def counted(labels: NDArray[np.int64], rounded: NDArray[np.int64], floats: NDArray[np.int64], split: str) -> Cost:
    """From labels and answers (N,) of the same samples.

    Raises:
        ExportError: so much is lost that nobody should be offered it.
    """
    cost = Cost(
        n=len(labels),
        split=split,
        rounded=float((rounded == labels).mean()),
        floats=float((floats == labels).mean()),
        changed=int((rounded != floats).sum()),
    )
    if cost.lost > TOO_MUCH:
        raise ExportError(
            f"The graph in 8 bits is not offered: this network does not bear the rounding. {cost.sentence()} Take the "
            "ONNX with floats."
        )
    return cost


def small(subject: Subject, folder: Path, root: Path, tell: Tell) -> Mapping[str, Any]:
    """The graph in 8 bits, scored on test (or val where there is no test) beside the one with floats."""
    source, path = root / "onnx" / "model.onnx", folder / "model-int8.onnx"
    static = _convolutional(source)
    tell(0.05, "measuring ranges on training samples" if static else "rounding the weights")
    _quantized(subject, source, path, static)
    write_tokenizer(subject, folder / "tokenizer")
    cost = _cost(subject, source, path, tell)
    how = f"static, calibrated on {len(subject.rows('train', CALIBRATION))} training samples" if static else "dynamic"
    share = path.stat().st_size / source.stat().st_size
    return {
        "words": f"{cost.sentence()} {100 * share:.0f} % of the size ({how}).",
        "caution": cost.caution(),
        "accuracy": cost.rounded,
        "float_accuracy": cost.floats,
        "changed": cost.changed,
        "split": cost.split,
        "n": cost.n,
    }


def _cost(subject: Subject, source: Path, path: Path, tell: Tell) -> Cost:
    split: Split = "test" if len(subject.dataset.rows("test")) else "val"
    told = f"scoring on {len(subject.rows(split, MOST)):,} samples of {split}"
    labels, rounded = answers(
        subject, runner(path, subject), split, MOST, lambda share: tell(0.3 + 0.35 * share, f"{told}, in 8 bits")
    )
    _, floats = answers(
        subject, runner(source, subject), split, MOST, lambda share: tell(0.65 + 0.35 * share, f"{told}, with floats")
    )
    return counted(labels, rounded, floats, split)


def _shares(share: float, n: int) -> str:
    low, high = wilson(share, n)
    return f"{100 * share:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def _convolutional(path: Path) -> bool:
    """Most of its products are convolutions: those want ranges that were measured."""
    import onnx

    kinds = Counter(node.op_type for node in onnx.load(path, load_external_data=False).graph.node)
    return kinds["Conv"] > kinds["MatMul"]


def _quantized(subject: Subject, source: Path, path: Path, static: bool) -> None:
    """https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html

    Both factors of a product have the same sign: of unlike ones many CPUs saturate the sums, which cost an
    EfficientNet 10 points of accuracy where these cost it none.
    """
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
                activation_type=QuantType.QInt8,
                weight_type=QuantType.QInt8,
            )
        else:
            quantize_dynamic(
                str(ready), str(path), op_types_to_quantize=["MatMul", "Gather"], per_channel=True,
                weight_type=QuantType.QUInt8,
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
