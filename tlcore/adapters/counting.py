"""How many parameters an adapter has: r (d_in + d_out) a matrix, and the cases that differ from it."""

from __future__ import annotations

from dataclasses import dataclass

from tlcore.adapters.selection import select
from tlcore.adapters.settings import LoraSettings
from tlcore.adapters.shapes import Matrix, Shapes
from tlcore.errors import RecipeError

__all__ = ["BIASES", "BYTES", "Count", "adapter_params", "count"]

BIASES = ("none", "lora_only", "all")
"""Which biases train beside the adapters: peft's own words."""
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
"""Of a parameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What trains in a network with adapters; its classifier is not in it."""

    base: int
    """Parameters of the network without adapters."""
    matrices: tuple[Matrix, ...]
    """Those with an adapter."""
    sizes: tuple[int, ...]
    """Parameters of each one's adapter."""
    biases: int
    """Parameters of biases that train."""

    @property
    def adapters(self) -> int:
        """Parameters that are added."""
        return sum(self.sizes)

    @property
    def trainable(self) -> int:
        """Adapters and biases."""
        return self.adapters + self.biases

    @property
    def total(self) -> int:
        """With the adapters, which is what peft calls all parameters."""
        return self.base + self.adapters

    @property
    def share(self) -> float:
        """Trainable of total, in (0, 1]."""
        return self.trainable / self.total

    @property
    def reduction(self) -> float:
        """How many times fewer parameters train than in full fine-tuning."""
        return self.base / self.trainable

    def file_bytes(self, dtype: str) -> int:
        """Tensors of the adapter's file; its header adds about a hundred bytes for each."""
        return self.trainable * BYTES[dtype]


def count(shapes: Shapes, settings: LoraSettings, bias: str = "none") -> Count:
    """Count what trains.

    Raises:
        RecipeError: nothing fits the targets, or there is no such choice of biases.
    """
    if bias not in BIASES:
        raise RecipeError(f"Biases that train are one of {', '.join(BIASES)}; got {bias!r}.")
    chosen = select(shapes.matrices, settings.targets, dora=settings.dora)
    biases = {"none": 0, "lora_only": sum(matrix.bias for matrix in chosen), "all": shapes.n_biases}[bias]
    sizes = tuple(adapter_params(matrix, settings.rank, dora=settings.dora) for matrix in chosen)
    return Count(base=shapes.n_params, matrices=chosen, sizes=sizes, biases=biases)


def adapter_params(matrix: Matrix, rank: int, *, dora: bool = False) -> int:
    """A is (r, d_in), over a convolution's window (r, d_in, k_h, k_w); B is (d_out, r). DoRA adds a length for each row
    of W. In torch's MultiheadAttention one pair serves query, key and value together, and one the output: 6 r d.
    """
    if matrix.kind == "attention":
        return rank * (matrix.d_in + 3 * matrix.d_out) + rank * (matrix.d_in + matrix.d_out)
    return rank * (matrix.d_in * matrix.kernel + matrix.d_out) + (matrix.d_out if dora else 0)
