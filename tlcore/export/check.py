"""Whether what was exported says what the model says, on real samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tlcore.data import Split
from tlcore.errors import ExportError
from tlcore.export.subject import Subject

if TYPE_CHECKING:
    from tlcore.zoo.model import Inputs

__all__ = ["SAMPLES", "TOLERANCE", "Check", "answers", "compared"]

SAMPLES = 32
"""Real ones that every export is tried on."""
TOLERANCE = 1e-3
"""Largest difference of logits that passes, relative to the largest logit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """How far an export was from the model."""

    n: int
    """Samples."""
    split: str
    """Of the dataset, that they were taken from."""
    max_difference: float
    """Of any logit."""
    relative: float
    """The same as a share of the largest logit."""
    agreement: float
    """Share of samples with the same class, in [0, 1]."""

    def sentence(self, by: str) -> str:
        """For people."""
        return (
            f"Checked with {by} against PyTorch on {self.n} samples of {self.split}: logits differ by "
            f"{self.max_difference:.1e} at most, the class is the same for {100 * self.agreement:.0f} %."
        )


def compared(subject: Subject, exported: Callable[[Inputs], Any], what: str) -> Check:
    """Run both on the same samples of test, or of val where there is no test.

    Raises:
        ExportError: they differ by more than the tolerance.
    """
    split: Split = "test" if len(subject.dataset.rows("test")) else "val"
    model, ours, theirs = subject.merged(), list[Tensor](), list[Tensor]()
    for x, _ in subject.batches(split, SAMPLES):
        with torch.inference_mode():
            ours.append(model(x))
            theirs.append(torch.as_tensor(exported(x)))
    return _judged(torch.cat(theirs).float(), torch.cat(ours).float(), split, what)


def answers(
    subject: Subject,
    exported: Callable[[Inputs], Any],
    split: Split,
    most: int,
    told: Callable[[float], None] = lambda share: None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Labels (N,) and answers (N,) of at most so many samples of a split; `told` takes the share done."""
    total = len(subject.rows(split, most))
    labels, said = list[NDArray[np.int64]](), list[NDArray[np.int64]]()
    for x, some in subject.batches(split, most):
        labels.append(some)
        said.append(torch.as_tensor(exported(x)).argmax(1).numpy())
        told(sum(map(len, labels)) / total)
    return np.concatenate(labels), np.concatenate(said)


def _judged(theirs: Tensor, ours: Tensor, split: str, what: str) -> Check:
    """The check of two tables of logits (N, C).

    Raises:
        ExportError: they differ by more than the tolerance.
    """
    difference = float((theirs - ours).abs().max())
    check = Check(
        n=len(ours),
        split=split,
        max_difference=difference,
        relative=difference / max(float(ours.abs().max()), 1e-12),
        agreement=float((theirs.argmax(1) == ours.argmax(1)).float().mean()),
    )
    if not check.relative <= TOLERANCE:
        raise ExportError(
            f"{what} is not offered: on {check.n} samples of {split} its logits differ from PyTorch's by "
            f"{check.max_difference:.2e}, {check.relative:.1e} of the largest, where {TOLERANCE:.0e} is the most, and "
            f"the class is the same for {100 * check.agreement:.0f} %. Take the safetensors instead."
        )
    return check
