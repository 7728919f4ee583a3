"""(f): the embedding backends side by side, on the same batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from bench.timing import Row, median_seconds
from tlcore.features.backends import onnx, relative_difference
from tlcore.features.export import export
from tlcore.features.inputs import batch, reader
from tlcore.zoo import backbones
from tlcore.zoo.model import load_backbone

__all__ = ["measure"]

N = 32


def measure(folder: Path) -> Iterator[Row]:
    """PyTorch, then ONNX Runtime, for every backbone."""
    for record in (record for record in backbones() if record.package):
        graph = folder / f"{record.name}.onnx"
        export(record, graph)
        module, fast = load_backbone(record), onnx(graph)
        x = (
            torch.rand(N, 3, record.input_size, record.input_size)
            if record.modality == "image"
            else batch(reader(record), [f"a text of ordinary length, the number {i} of its kind" for i in range(N)])
        )
        with torch.inference_mode():
            difference = relative_difference(fast(x), module(x))
            eager = median_seconds(lambda module=module, x=x: module(x), 5)
            quick = median_seconds(lambda fast=fast, x=x: fast(x), 5)
        yield Row(claim="f", subject=f"{record.title}, PyTorch, {N / eager:.0f} a second", seconds=eager)
        yield Row(
            claim="f",
            subject=f"{record.title}, ONNX Runtime, {N / quick:.0f} a second, differs by {difference:.0e}",
            seconds=quick,
            ratio=eager / quick,
            means="x as fast",
        )
