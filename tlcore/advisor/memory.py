"""Checks of memory and disk, from an estimate: whether a training fits before it is tried."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tlcore.advisor.amount import CHARACTERS
from tlcore.advisor.case import Case, is_head
from tlcore.advisor.finding import Finding
from tlcore.advisor.remedies import HEAD_ONLY
from tlcore.device import Gpu
from tlcore.strategies import Phase

__all__ = ["activation_bytes", "disk", "memory", "training_bytes"]

FLOAT = 4
"""Bytes of a weight, a gradient or a moment."""
PIXEL = 1_700
"""Bytes of activations that the backward pass needs for each pixel of an input image, if everything trains.

Counted on networks that read 224 x 224: EfficientNet-Lite0 1,580, ResNet-18 440, ResNet-50 1,710, EfficientNet-B0
1,760, MobileNet-V3-Small 320, VGG-16 1,460, DenseNet-121 2,600, ViT-B/16 2,360, ConvNeXt-Tiny 2,180.
"""
TOKEN, TOKEN_PAIR = 75.0, 0.3
"""Bytes for each token, layer and feature, and more of them for each token in the text.

Counted: MiniLM 85, 121, 169 with 32, 128, 256 tokens; BERT-base 97, 169 with 128, 512.
"""
USUAL_LENGTH = 0.95
"""Quantile of the lengths of texts: a batch is padded to its longest."""


def memory(case: Case) -> Iterator[Finding]:
    """More than the device has."""
    room, place = _room(case)
    at_once = math.ceil(case.recipe.batch_size / case.recipe.accumulate)
    needed = training_bytes(case, at_once)
    if needed <= room:
        return
    fix, button, advice = _way_out(case, at_once, room)
    yield Finding(
        code="memory",
        level="error",
        title="Not enough memory",
        text=(
            f"Training would take about {_gb(needed)}, {_gb(needed - training_bytes(case, 0))} of it activations of "
            f"{at_once} samples at a time (a rough estimate), but {place} has {_gb(room)} free. {advice}"
        ),
        fix=fix,
        fix_title=button,
    )


def disk(case: Case) -> Iterator[Finding]:
    """No room for the saved state: while a new one is written, the old one is still there."""
    needed = 2 * _state_bytes(case)
    if case.free >= needed:
        return
    yield Finding(
        code="disk",
        level="error",
        title="Not enough disk space",
        text=(
            f"The disk of {case.dataset.home} has {_gb(case.free)} free; two saved states of this training take "
            f"{_gb(needed)}. Make room, or the run ends when it first saves."
        ),
    )


def training_bytes(case: Case, at_once: int) -> int:
    """The most that any phase needs: weights, what moves once more as the best so far, its gradients, the optimizer's
    moments, and the activations of `at_once` samples. Framework and data loading are not in it.
    """
    return max(_phase_bytes(case, phase, at_once) for phase in case.phases)


def activation_bytes(case: Case, phase: Phase) -> int:
    """What one sample leaves in memory for the backward pass, roughly; little where only the head trains.

    Stages before the first that trains leave nothing. In an image network early ones are the largest: the share of
    what is left falls with the square of the stages left (EfficientNet-Lite0 from stages 3, 5, 7 of 9: 48, 22, 3 %).
    """
    if all(map(is_head, phase.lrs)):
        return FLOAT * (case.record.n_features + sum(case.recipe.head.hidden))
    trained = case.trained([phase])
    left = 1 - (trained.index(True) if any(trained) else 0) / len(case.stages)
    if case.record.modality == "image":
        return round(_precision(case) * left**2 * PIXEL * case.record.input_size**2)
    tokens = _tokens(case)
    per_token = (TOKEN + TOKEN_PAIR * tokens) * case.record.n_features * (case.record.depth or len(case.stages) - 1)
    return round(_precision(case) * left * per_token * tokens)


def _phase_bytes(case: Case, phase: Phase, at_once: int) -> int:
    moments = 1 if case.recipe.optimizer.name == "sgd" else 2
    kept = case.record.n_params + _head(case) + _trainable(case, case.phases)
    moving = _trainable(case, [phase]) * (1 + moments)
    return FLOAT * (kept + moving) + at_once * activation_bytes(case, phase)


def _state_bytes(case: Case) -> int:
    """Weights, best weights and two moments of what moves."""
    return 4 * FLOAT * _trainable(case, case.phases)


def _trainable(case: Case, phases: Sequence[Phase]) -> int:
    """Parameters that any of the phases moves; adapters, which are few, are not counted."""
    sizes = zip(case.record.stage_params, case.trained(phases), strict=True)
    return _head(case) + sum(size for size, trains in sizes if trains)


def _head(case: Case) -> int:
    return case.recipe.head.n_params(case.record.n_features, len(case.dataset.classes))


def _tokens(case: Case) -> int:
    """Of the longest text in a usual batch."""
    lengths = sorted(case.lengths)
    longest = lengths[int(USUAL_LENGTH * (len(lengths) - 1))] if lengths else 0
    return min(case.record.max_tokens, longest // CHARACTERS + 2)


def _precision(case: Case) -> float:
    """Share of float32 that an activation takes."""
    return 0.5 if _gpu(case) is not None and case.recipe.precision != "float32" else 1.0


def _gpu(case: Case) -> Gpu | None:
    """The CUDA device that the recipe would run on, if any."""
    name, _, number = case.recipe.device.partition(":")
    index = int(number) if number.isdigit() else 0
    return case.machine.gpus[index] if name in ("auto", "cuda") and index < len(case.machine.gpus) else None


def _room(case: Case) -> tuple[int, str]:
    """Free bytes of the device, and what to call it."""
    gpu = _gpu(case)
    return (gpu.memory_free, gpu.name) if gpu else (case.machine.memory_available, "this machine")


def _way_out(case: Case, at_once: int, room: int) -> tuple[Mapping[str, Any], str, str]:
    """A fix, its title, and the advice in words."""
    while at_once > 1:
        at_once = math.ceil(at_once / 2)
        needed, parts = training_bytes(case, at_once), math.ceil(case.recipe.batch_size / at_once)
        if needed <= room:
            advice = f"In {parts} parts a batch takes about {_gb(needed)}; the steps stay the same."
            return {"accumulate": parts}, f"Pass each batch in {parts} parts", advice
    if case.rates and case.recipe.strategy.pretrained:
        return HEAD_ONLY, "Train the head only", "One sample at a time is still too much: train the head alone."
    return {}, "", "Free some memory, or take a smaller backbone."


def _gb(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e8 else f"{n_bytes / 1e6:.0f} MB"
