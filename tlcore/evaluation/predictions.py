"""What a run answered on each sample of a split, kept with the run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tlcore.errors import TlcoreError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Predictions", "forget", "keep", "kept", "mark"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predictions:
    """Answers of one model on one split, sample by sample."""

    rows: NDArray[np.int64]
    """(N,) rows of the dataset's manifest."""
    logits: NDArray[np.float32]
    """(N, C)."""
    labels: NDArray[np.int64]
    """(N,) true classes, in the model's numbering."""
    epoch: int
    """Whose weights answered."""
    dataset: str
    """Id of the dataset."""
    split: str
    """"val" or "test"; "all" where all samples of another dataset were answered."""

    def __post_init__(self) -> None:
        if self.logits.ndim != 2 or not len(self.rows) == len(self.logits) == len(self.labels):
            shapes = (self.rows.shape, self.logits.shape, self.labels.shape)
            raise TlcoreError(
                f"Predictions need a row, logits and a label for each sample, but their shapes are {shapes}."
            )

    @property
    def answers(self) -> NDArray[np.int64]:
        """(N,) the class with the highest logit."""
        answers: NDArray[np.int64] = self.logits.argmax(1).astype(np.int64)
        return answers

    @property
    def right(self) -> NDArray[np.bool_]:
        """(N,) whether the answer is the label."""
        right: NDArray[np.bool_] = self.answers == self.labels
        return right

    @property
    def confidence(self) -> NDArray[np.float32]:
        """(N,) softmax probability of the answer, in [1 / C, 1]."""
        shifted = self.logits - self.logits.max(1, keepdims=True)
        confidence: NDArray[np.float32] = (1 / np.exp(shifted).sum(1)).astype(np.float32)
        return confidence


def keep(folder: Path, name: str, predictions: Predictions) -> None:
    """Write `predictions-<name>.safetensors` in a run's folder, whole or not at all; a split's name is its own."""
    from safetensors.numpy import save_file

    path = _path(folder, name)
    folder.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{os.getpid()}-{path.name}")
    tensors: dict[str, NDArray[Any]] = {
        "rows": np.ascontiguousarray(predictions.rows, np.int64),
        "logits": np.ascontiguousarray(predictions.logits, np.float32),
        "labels": np.ascontiguousarray(predictions.labels, np.int64),
    }
    notes = {"epoch": str(predictions.epoch), "dataset": predictions.dataset, "split": predictions.split}
    try:
        save_file(tensors, draft, metadata=notes)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def kept(folder: Path, name: str) -> Predictions | None:
    """What was kept under a name; None where nothing was, or where the file cannot be read."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(_path(folder, name), framework="numpy") as file:
            notes = file.metadata() or {}
            arrays = {array: file.get_tensor(array) for array in ("rows", "logits", "labels")}
        return Predictions(**arrays, epoch=int(notes["epoch"]), dataset=notes["dataset"], split=notes["split"])
    except (FileNotFoundError, SafetensorError, KeyError, ValueError, TlcoreError):
        return None


def forget(folder: Path) -> None:
    """Remove all that was kept, also on other datasets, because the run has other weights now."""
    for path in folder.glob("predictions-*.safetensors"):
        path.unlink(missing_ok=True)


def mark(folder: Path, name: str) -> str:
    """Another text whenever something else is kept under a name; empty where nothing is."""
    try:
        found = _path(folder, name).stat()
    except FileNotFoundError:
        return ""
    return f"{found.st_ino}-{found.st_mtime_ns}"


def _path(folder: Path, name: str) -> Path:
    return folder / f"predictions-{name}.safetensors"
