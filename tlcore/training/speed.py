"""What a backbone takes on this very machine: time and memory of inference and of a training step, by batch size."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from tlcore.device import PeakMemory
from tlcore.errors import RecipeError
from tlcore.precision import autocast, chosen
from tlcore.strategies import Optimizer, Phase
from tlcore.training.recipe import SMALL_BATCH
from tlcore.zoo import Backbone, Head

if TYPE_CHECKING:
    import torch

    from tlcore.zoo.model import Inputs, TransferModel

__all__ = ["BACKWARD", "BATCH_SIZES", "MODES", "Bounds", "Mode", "Reading", "n_tokens", "readings"]

Mode = Literal["inference", "training"]
MODES: tuple[Mode, ...] = ("inference", "training")
BATCH_SIZES = (1, 8, 32)
CLASSES = 10
"""Of the head, which weighs little."""
TOKENS = 128
"""In a text, where the backbone reads that many."""
BACKWARD = 3
"""A training step costs about as much as this many forward passes."""
STATES = 4
"""Training keeps a weight, its gradient and two moments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How long to measure."""

    seconds: float = 1.5
    """Passes are repeated until they took this long together."""
    fewest: int = 3
    most: int = 50
    pass_seconds: float = 60.0
    """A batch size at which one pass is expected to take longer is left out."""

    def expected(self, seconds: float) -> float:
        """Seconds that measuring takes if one pass takes `seconds`; nothing where it is left out."""
        passes = min(self.most, max(self.fewest, math.ceil(self.seconds / max(seconds, 1e-6))))
        return (1 + passes) * seconds if seconds <= self.pass_seconds else 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.fewest <= self.most:
            raise RecipeError(f"Passes are at least 1 and at most {self.most}; got {self.fewest} as the fewest.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was measured of one use at one batch size."""

    mode: Mode
    """`inference` is a forward pass; `training` a forward and backward pass and an AdamW step of all weights."""
    batch_size: int
    seconds: float | None = None
    """Of one pass over the batch, the median of `n`; None where it was left out."""
    n: int = 0
    memory: int | None = None
    """Bytes at the peak: on CUDA what its allocator gave out, elsewhere by how much the process grew."""
    note: str = ""
    """Why there is no figure."""

    @property
    def throughput(self) -> float | None:
        """Samples a second."""
        return self.batch_size / self.seconds if self.seconds else None


def readings(
    record: Backbone, mode: Mode, sizes: Sequence[int], device: torch.device, *, bounds: Bounds = Bounds()
) -> Iterator[Reading]:
    """Measure batch sizes in ascending order, on random weights and inputs: neither changes time or memory.

    Best called in a process of its own, for what other models leave in memory would be counted.
    """
    run, before = _Run(record, mode, device), None
    for size in sorted(sizes):
        note = _too_much(before, size, run, bounds)
        before = Reading(mode=mode, batch_size=size, note=note) if note else _measured(run, size, bounds)
        yield before


def n_tokens(record: Backbone) -> int:
    """Length of the texts that are measured; 0 for images."""
    return min(TOKENS, record.max_tokens)


class _Run:
    """A model to be measured, which is made when it is first used; `peak` counts from before that."""

    def __init__(self, record: Backbone, mode: Mode, device: torch.device) -> None:
        from tlcore.zoo.model import skeleton

        skeleton(record, CLASSES, Head())  # imports what it takes, before memory is counted
        self.record, self.mode, self.device = record, mode, device
        self.fixed = 4 * record.n_params * (STATES if mode == "training" else 1)
        """Bytes that do not grow with the batch."""
        self.peak = PeakMemory(device)

    @cached_property
    def model(self) -> TransferModel:
        """With random weights."""
        from tlcore.zoo.model import build

        return build(self.record, CLASSES, Head(), pretrained=False).to(self.device)

    def passes(self, size: int) -> Callable[[], object]:
        """A function that makes one pass over a batch and waits for its end."""
        x = _inputs(self.record, self.model, size, self.device)
        dtype = chosen("auto", self.device)
        forward = autocast(self.model, self.device, dtype)
        return _step(self.model, forward, x, size) if self.mode == "training" else _look(self.model, forward, x)


def _inputs(record: Backbone, model: TransferModel, size: int, device: torch.device) -> Inputs:
    import torch
    from torch import nn

    if record.modality == "image":
        return torch.randn(size, 3, record.input_size, record.input_size, device=device)
    words = next(m.num_embeddings for m in model.modules() if isinstance(m, nn.Embedding))
    ids = torch.randint(0, words, (size, n_tokens(record)), device=device)  # (B, T)
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


def _look(model: TransferModel, forward: Callable[[Inputs], torch.Tensor], x: Inputs) -> Callable[[], object]:
    import torch

    model.eval()

    def look() -> float:
        with torch.inference_mode():
            return forward(x).sum().item()

    return look


def _step(
    model: TransferModel, forward: Callable[[Inputs], torch.Tensor], x: Inputs, size: int
) -> Callable[[], object]:
    """As the loop trains: BatchNorm layers are frozen below 32 samples."""
    import torch
    from torch.nn.functional import cross_entropy

    from tlcore.training.groups import freeze, optimizer, parameter_groups, set_modes

    phase = Phase(name="all", epochs=1, lrs={"backbone.*": 1e-6, "head.*": 1e-6})
    freeze(model, phase, batch_norm=size < SMALL_BATCH)
    set_modes(model)
    moves = optimizer(Optimizer(name="adamw", weight_decay=1e-4), parameter_groups(model, phase.lrs, 1e-4))
    y = torch.arange(size, device=next(model.parameters()).device) % CLASSES

    def step() -> float:
        moves.zero_grad(set_to_none=True)
        loss = cross_entropy(forward(x), y)
        loss.backward()
        moves.step()
        return loss.item()

    return step


def _measured(run: _Run, size: int, bounds: Bounds) -> Reading:
    from tlcore.training.scoring import out_of_memory

    run.peak.reset()
    try:
        taken = _timed(run.passes(size), bounds, run.device)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        return Reading(mode=run.mode, batch_size=size, note="The device ran out of memory.")
    seconds = statistics.median(taken)
    return Reading(mode=run.mode, batch_size=size, seconds=seconds, n=len(taken), memory=run.peak.read())


def _timed(work: Callable[[], object], bounds: Bounds, device: torch.device) -> list[float]:
    """Seconds of each pass after the first, which pays for what later ones find ready."""
    work()
    taken: list[float] = []
    while len(taken) < bounds.fewest or (sum(taken) < bounds.seconds and len(taken) < bounds.most):
        _wait(device)
        begun = time.perf_counter()
        work()
        _wait(device)
        taken.append(time.perf_counter() - begun)
        if sum(taken) > bounds.pass_seconds:
            break
    return taken


def _wait(device: torch.device) -> None:
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _too_much(before: Reading | None, size: int, run: _Run, bounds: Bounds) -> str:
    """Why this batch size is better left out, going by the one before; empty where it is not."""
    if before is None:
        return _no_room(run.fixed, run)
    if before.seconds is None or before.memory is None:
        return f"Left out, as the batch of {before.batch_size} was."
    times = size / before.batch_size
    seconds, memory = before.seconds * times, run.fixed + max(0, before.memory - run.fixed) * times
    if seconds > bounds.pass_seconds:
        return f"Left out: one pass would take about {math.ceil(seconds / 60)} min."
    return _no_room(memory, run)


def _no_room(memory: float, run: _Run) -> str:
    """Says so where so many bytes are more than there are."""
    room = run.peak.room()
    if memory <= room:
        return ""
    return f"Left out: it would take about {memory / 2**30:.1f} GiB, and {room / 2**30:.1f} GiB are free."
