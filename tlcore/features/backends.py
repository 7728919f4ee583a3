"""Two ways to run a frozen backbone, and the faster one found by trying both on the user's own batch."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import Popen
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from tlcore.features.export import graph_path, start_export
from tlcore.lock import is_held

if TYPE_CHECKING:
    from tlcore.zoo import Backbone
    from tlcore.zoo.model import Inputs

__all__ = ["MAX_DIFFERENCE", "Embed", "Fastest", "onnx", "relative_difference"]

MAX_DIFFERENCE = 1e-3
"""Largest relative difference of features at which two backends count as the same function."""
PROBE_SAMPLES = 2
"""Enough to compare two backends, few enough to cost nothing."""
WORTH_SECONDS = 15.0
"""An export takes about as long: less work than that is better done at once."""
Embed = Callable[["Inputs"], Tensor]
_LOG = logging.getLogger(__name__)


def relative_difference(a: Tensor, b: Tensor) -> float:
    """max |a - b| / max |b|."""
    return float((a - b).abs().max() / b.abs().max().clamp(min=1e-12))


class Fastest:
    """PyTorch at first; ONNX Runtime from the moment its graph is there, agrees, and proves faster.

    The graph is exported once per backbone, by a process of its own while PyTorch already works, and only where the
    samples `left` would take PyTorch long enough at the pace it shows.
    """

    def __init__(
        self, reference: Embed, record: Backbone, home: Path, *, tell: Callable[[str], None], left: Callable[[], int]
    ) -> None:
        self._embed = self._reference = reference
        self._record, self._home, self._tell, self._left = record, home, tell, left
        self.graph = graph_path(record, home)
        self._export: Popen[bytes] | None = None
        self._decided = False

    def __call__(self, x: Inputs) -> Tensor:
        """Inputs -> features (B, D)."""
        if not self._decided and self.graph.exists():
            self._decided = True
            self._try(x)
        begun = time.perf_counter()
        features = self._embed(x)
        if not self._decided:
            self._consider((time.perf_counter() - begun) / len(features))
        return features

    def _consider(self, pace: float) -> None:
        """Begin an export if it pays at `pace` seconds a sample; give up on one that failed."""
        if self._export is None:
            if pace * self._left() > WORTH_SECONDS and not is_held(self.graph.with_suffix(".lock")):
                self._export = start_export(self._record, self.graph, self._home)
        elif self._export.poll() is not None and not self.graph.exists():
            self._decided = True
            self._tell(f"{self._record.title} could not be exported to ONNX, so PyTorch computes its features.")
            _LOG.warning("export failed: %s", self.graph.with_suffix(".log").read_text(errors="replace")[-2000:])

    def _try(self, x: Inputs) -> None:
        x = _first(x, PROBE_SAMPLES)
        try:
            candidate = onnx(self.graph)
            difference = relative_difference(candidate(x), self._reference(x))
        except Exception:  # a backend that cannot run is one not taken; the log keeps the reason
            _LOG.exception("ONNX Runtime could not run %s", self.graph)
            self._tell(f"ONNX Runtime cannot run {self._record.title}, so PyTorch computes its features.")
            return
        if difference > MAX_DIFFERENCE:
            self._tell(
                f"ONNX Runtime's features of {self._record.title} differ from PyTorch's by {difference:.1e} "
                f"(at most {MAX_DIFFERENCE:.0e} is allowed), so PyTorch computes them."
            )
            return
        ratio = _seconds(self._reference, x) / _seconds(candidate, x)
        chosen = "ONNX Runtime" if ratio > 1 else "PyTorch"
        self._tell(
            f"Features are computed with {chosen}: ONNX Runtime is {ratio:.1f} x as fast as PyTorch on a trial batch."
        )
        if ratio > 1:
            self._embed = candidate


def onnx(graph: Path) -> Embed:
    """ONNX Runtime on the CPU's cores, as a function of the inputs."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting threads leave others the cores
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    names = [node.name for node in session.get_inputs()]

    def embed(x: Inputs) -> Tensor:
        given: Mapping[str, Any] = x if isinstance(x, Mapping) else {names[0]: x}
        (features,) = session.run(None, {name: np.asarray(given[name]) for name in names})
        return torch.from_numpy(features)

    return embed


def _first(x: Inputs, n: int) -> Inputs:
    return x[:n] if isinstance(x, Tensor) else {name: part[:n] for name, part in x.items()}


def _seconds(embed: Embed, x: Inputs) -> float:
    """Of one pass; the one that compared the outputs has warmed both up."""
    begun = time.perf_counter()
    embed(x)
    return time.perf_counter() - begun
