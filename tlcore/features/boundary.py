"""A backbone in two: the stages that stay frozen, and the rest. What the first part says is computed once and kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tlcore.features.backends import relative_difference
from tlcore.features.cached import EmbeddingClock
from tlcore.features.feeds import Read, Rows, chunks
from tlcore.features.inputs import Reader
from tlcore.features.store import Features
from tlcore.zoo.model import Inputs

__all__ = ["HIDDEN", "ActivationFeed", "Cut", "cut", "packed"]

HIDDEN = "hidden"
"""Under this name the activations of a text lie beside its tokens."""
SAME = 1e-5
"""Largest relative difference at which the two parts count as the whole."""


class _ReachedError(Exception):
    """Carries the activations out of a forward pass that need not go on."""

    def __init__(self, activations: Tensor) -> None:
        self.activations = activations


class Cut:
    """Two functions that together are the backbone.

    `front` runs it up to a module and takes what comes out. `back` runs it whole, but every module that was done by
    then hands on what it is given: so it needs no knowledge of the architecture, only that the modules are a chain.
    """

    def __init__(self, backbone: nn.Module, last: Sequence[nn.Module], done: Sequence[nn.Module]) -> None:
        self._backbone, self._last, self._done = backbone, last, done

    def front(self, x: Inputs) -> Tensor:
        """Inputs -> activations (B, ...) behind the frozen stages, in eval mode, without gradients."""
        activations, _ = _run_to(self._backbone, self._last, x)
        return activations

    def back(self, x: Inputs) -> Tensor:
        """Activations (B, ...), for texts with their tokens beside them -> features (B, D)."""
        tokens = None if isinstance(x, Tensor) else {name: part for name, part in x.items() if name != HIDDEN}
        activations = x if isinstance(x, Tensor) else x[HIDDEN]
        with ExitStack() as stack:
            for i, module in enumerate(self._done):
                module.forward = (lambda *_, **__: activations) if i == 0 else _hand_on
                stack.callback(delattr, module, "forward")
            return cast(Tensor, self._backbone(activations if tokens is None else tokens))


def cut(backbone: nn.Module, names: Sequence[str], x: Inputs) -> Cut | None:
    """The cut behind the modules `names`; None where a trial on `x` shows that the two parts are not the whole."""
    try:
        last = [backbone.get_submodule(name) for name in names]
        activations, done = _run_to(backbone, last, x)
        found = Cut(backbone, last, done)
        beside: Inputs = activations if isinstance(x, Tensor) else {**x, HIDDEN: activations}
        with torch.inference_mode():
            same = relative_difference(found.back(beside), backbone(x)) <= SAME
    except (AttributeError, RuntimeError, TypeError, ValueError, IndexError):
        return None
    return found if same else None


def packed(activations: Tensor) -> Tensor:
    """As they are stored: maps (B, C, H, W) with channels last (B, H, W, C), others as they are."""
    return activations.permute(0, 2, 3, 1) if activations.ndim == 4 else activations


def _hand_on(first: Any, *_: Any, **__: Any) -> Any:
    return first


def _run_to(backbone: nn.Module, last: Sequence[nn.Module], x: Inputs) -> tuple[Tensor, list[nn.Module]]:
    """Run until all of `last` are done; returns what the last of them said, and the outermost modules done by then."""
    done: list[nn.Module] = []
    waiting = set(last)

    def note(module: nn.Module, _given: Any, said: Any) -> None:
        inside = set(module.modules())
        done[:] = [*(earlier for earlier in done if earlier not in inside), module]
        waiting.discard(module)
        if not waiting:
            if not isinstance(said, Tensor):
                raise TypeError(f"{type(module).__name__} says more than one tensor")
            raise _ReachedError(said)

    with ExitStack() as stack, torch.inference_mode():
        for module in backbone.modules():
            if module is not backbone:
                stack.callback(module.register_forward_hook(note).remove)
        try:
            backbone(x)
        except _ReachedError as reached:
            return reached.activations, done
    raise ValueError("the modules of a stage do not all run")


class ActivationFeed:
    """Activations from the store, computed when they are first asked for. The trained part reads them as its inputs."""

    def __init__(
        self,
        read: Read,
        inputs: Reader,
        rows: Rows,
        labels: Tensor,
        table: Features,
        front: Callable[[Inputs], Tensor],
        clock: EmbeddingClock,
    ) -> None:
        self._read, self._inputs, self._rows, self.labels = read, inputs, rows, labels
        self._table, self._front, self._clock = table, front, clock

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def missing(self) -> int:
        """Samples still to compute."""
        return len(self._table.missing(self._rows))

    def batches(self, size: int, order: Tensor | None = None, epoch: int = 0) -> Iterator[tuple[Inputs, Tensor]]:
        """Maps (B, C, H, W); or `hidden` (B, T, D) and the tokens."""
        for some in chunks(len(self), size, order):
            rows = self._rows[some.numpy()]
            missing = self._table.missing(rows)
            if len(missing):
                with self._table.computing():
                    self._fill(self._table.missing(rows))
            yield self._stored(rows), self.labels[some]

    def _fill(self, rows: Rows) -> None:
        if not len(rows):  # another process computed them while this one waited
            return
        begun = time.perf_counter()
        x = self._inputs.collate(self._read(rows))
        values = packed(self._front(x)).float().cpu().numpy()
        self._table.put(rows, values if isinstance(x, Tensor) else _unpadded(values, x["attention_mask"]))
        self._clock.add(len(rows), time.perf_counter() - begun)

    def _stored(self, rows: Rows) -> Inputs:
        values = torch.from_numpy(self._table.values[rows])  # a copy: the table may be evicted while it is in use
        if values.ndim == 4:
            return values.permute(0, 3, 1, 2)  # (B, C, H, W), channels last in memory
        tokens = self._inputs.collate(self._read(rows))
        if isinstance(tokens, Tensor):
            return values
        width = tokens["attention_mask"].shape[1]
        return {**tokens, HIDDEN: values[:, :width]}


def _unpadded(values: NDArray[np.float32], mask: Tensor) -> list[NDArray[np.float32]]:
    return [value[:length] for value, length in zip(values, mask.sum(1).tolist(), strict=True)]
