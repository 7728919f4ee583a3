"""The matrices of a network as plain records: what an adapter's size follows from, without weights or torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any, Literal

from tlcore.errors import RecipeError

__all__ = ["Block", "Matrix", "Shapes", "has_number"]

Kind = Literal["linear", "transposed", "convolution", "attention"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """A module that can have a low-rank adapter."""

    name: str
    """Dotted, inside the network."""
    kind: Kind
    """`linear`; `transposed`, a linear layer that stores W as (d_in, d_out), as GPT-2 does; `convolution`, not grouped;
    `attention`, torch's MultiheadAttention, which holds query, key, value and output together."""
    d_in: int
    """Features or channels in."""
    d_out: int
    """Features or channels out."""
    kernel: int = 1
    """Weights of a convolution's window, k_h k_w; 1 for all else."""
    bias: int = 0
    """Parameters of its bias that peft can train."""
    role: str = ""
    """What it is to its layer, one of `ROLES`; empty where that is not known."""

    @property
    def n_params(self) -> int:
        """Weights, without the bias."""
        return self.d_in * self.d_out * self.kernel * (4 if self.kind == "attention" else 1)

    @property
    def layer(self) -> str:
        """Where it sits: its name up to the first part with a number in it, `model.layers.3` or `layer2`."""
        parts = self.name.split(".")
        first = next((i for i, part in enumerate(parts[:-1]) if has_number(part)), 0)
        return ".".join(parts[: first + 1])


def has_number(part: str) -> bool:
    """Whether a part of a dotted name counts something: `3`, `layer2`, `encoder_layer_0`."""
    return any(character.isdigit() for character in part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The sizes of a transformer's layers that its activations follow from."""

    layers: int
    """Times that a layer is passed; a shared one counts each time."""
    hidden: int
    """h, the width between layers."""
    heads: int
    """a, attention heads."""
    query: int
    """Width of all queries together."""
    key: int
    """Width of all keys together, and of all values; smaller than `query` with grouped queries."""
    mlp: int
    """f, the inner width of the MLP."""
    mlp_copies: int = 2
    """Tensors of width f that the MLP keeps for the backward pass: 2 with GELU, 4 with a gate."""
    float32_norms: bool = False
    """Norms are computed and kept in float32, as RMSNorm is in transformers."""
    head_norms: bool = False
    """Queries and keys are normed too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """A network as the calculator sees it."""

    name: str
    title: str
    """For people."""
    kind: Literal["decoder", "encoder", "image"]
    """`decoder` writes text and has a head over the vocabulary; `encoder` reads texts."""
    matrices: tuple[Matrix, ...]
    n_params: int
    """All parameters, shared ones once, a decoder's output head with them and a classifier without."""
    n_biases: int
    """Parameters called bias, in norms too: what peft trains with bias="all"."""
    n_embedding: int = 0
    """Parameters of embedding tables, an output head that shares one of them included once."""
    n_features: int = 0
    """D, the width that a classifier would read."""
    vocab: int = 0
    """Tokens that a decoder chooses from; 0 where there is no such head."""
    tokens: int = 0
    """Length of every sequence where the network fixes it, as for an image; 0 where texts decide."""
    max_tokens: int = 0
    """Longest text; 0 where there is no limit."""
    block: Block | None = None
    """Where it is a transformer of the usual kind."""
    sample_bytes: int = 0
    """Activations that training everything keeps of one sample in float32, where they were counted instead."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values; layers that are alike are written once."""
        plain = {key: getattr(self, key) for key in self.__dataclass_fields__ if key not in ("matrices", "block")}
        block = asdict(self.block) if self.block else None
        return plain | {"block": block, "matrices": list(_folded(self.matrices))}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Shapes:
        """The inverse of `to_dict`.

        Raises:
            RecipeError: these are not shapes, or those of another version.
        """
        try:
            block = Block(**plain["block"]) if plain["block"] else None
            matrices = tuple(_unfolded(plain["matrices"]))
            return cls(**{**plain, "block": block, "matrices": matrices})
        except (KeyError, TypeError, ValueError) as error:
            raise RecipeError(f"These shapes cannot be read ({error}): describe the model again.") from error


def _folded(matrices: Iterable[Matrix]) -> Iterator[dict[str, Any]]:
    """A row for matrices that differ in their layer's number only; it says which numbers."""
    rows: dict[str, tuple[Matrix, list[int]]] = {}
    for matrix in matrices:
        head, number, tail = _split(matrix.name)
        alike = replace(matrix, name=f"{head}{{}}{tail}" if number is not None else matrix.name)
        rows.setdefault(repr(alike), (alike, []))[1].extend([] if number is None else [number])
    for alike, numbers in rows.values():
        defaults = {"kernel": 1, "bias": 0, "role": ""}
        plain = {key: value for key, value in asdict(alike).items() if defaults.get(key) != value}
        yield plain | ({"layers": _runs(numbers)} if numbers else {})


def _unfolded(rows: Iterable[Mapping[str, Any]]) -> Iterator[Matrix]:
    """Back in the order of layers: rows that name the same numbers belong to the same layers."""
    for runs, group in groupby(rows, key=lambda row: (row.get("layers"), _split_pattern(row["name"]))):
        members = list(group)
        numbers: list[int | None] = [n for first, last in runs[0] or [] for n in range(first, last + 1)]
        for number in numbers or [None]:
            for row in members:
                plain = {key: value for key, value in row.items() if key != "layers"}
                name = row["name"] if number is None else row["name"].replace("{}", str(number), 1)
                yield Matrix(**{**plain, "name": name})


def _split(name: str) -> tuple[str, int | None, str]:
    """`layers.3.q` is (`layers.`, 3, `.q`)."""
    parts = name.split(".")
    place = next((i for i, part in enumerate(parts) if part.isdigit()), None)
    if place is None:
        return name, None, ""
    head, tail = "".join(part + "." for part in parts[:place]), "".join("." + part for part in parts[place + 1 :])
    return head, int(parts[place]), tail


def _split_pattern(name: str) -> str:
    return name.partition("{}")[0] if "{}" in name else name


def _runs(numbers: list[int]) -> list[list[int]]:
    """[0, 1, 2, 5] is [[0, 2], [5, 5]]."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs
