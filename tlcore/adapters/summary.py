"""Everything the calculator says of one adapter, as plain values."""

from __future__ import annotations

from typing import Any

from tlcore.adapters.counting import BYTES, count
from tlcore.adapters.memory import METHODS, Load, fitting, memory
from tlcore.adapters.settings import LoraSettings
from tlcore.adapters.shapes import Shapes

__all__ = ["summary"]


def summary(shapes: Shapes, settings: LoraSettings, bias: str, load: Load) -> dict[str, Any]:
    """Counts, sizes of files, and bytes of memory by method and part.

    Raises:
        RecipeError: nothing fits the targets.
    """
    counted = count(shapes, settings, bias)
    taken = {method: memory(shapes, counted, load, method) for method in METHODS}
    return {
        "model": shapes.name,
        "rank": settings.rank,
        "alpha": settings.alpha,
        "targets": settings.targets,
        "bias": bias,
        "rslora": settings.rslora,
        "dora": settings.dora,
        "modules": len(counted.matrices),
        "trainable": counted.trainable,
        "base": counted.base,
        "total": counted.total,
        "share": counted.share,
        "reduction": counted.reduction,
        "adapter_bytes": {dtype: counted.file_bytes(dtype) for dtype in BYTES},
        "batch": load.batch,
        "tokens": shapes.tokens or load.tokens,
        "dtype": load.dtype,
        "memory": {method: {**found.parts(), "total": found.total} for method, found in taken.items()},
        "fits_gib": {method: list(fitting(found.total)) for method, found in taken.items()},
    }
