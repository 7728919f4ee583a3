"""Which matrices of a network get an adapter, from the words of a recipe, a page or a command."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from tlcore.adapters.roles import FUSED
from tlcore.adapters.shapes import Matrix, has_number
from tlcore.errors import RecipeError

__all__ = ["choices", "endings", "pattern", "select", "words"]

ALIASES: Mapping[str, tuple[str, ...]] = {
    "q": ("query", FUSED),
    "k": ("key", FUSED),
    "v": ("value", FUSED),
    "o": ("output",),
}
"""Letters that papers use, for models whose modules are not called so."""
ATTENTION = ("query", "key", "value", FUSED, "output")
MOST_CHOICES = 40
"""Of one ending; beyond that its modules stay together."""
MOST_NAMED = 30


def select(matrices: Sequence[Matrix], targets: str, *, dora: bool = False) -> tuple[Matrix, ...]:
    """Those that `targets` names, one of `TARGETS` or a list of endings, in order.

    Raises:
        RecipeError: nothing is called that, or peft cannot do what is asked of it.
    """
    found = _chosen(matrices, targets)
    if not found:
        raise RecipeError(
            f"No module of this backbone fits the adapter's target {targets!r}. Those that can have one end in: "
            f"{', '.join(choices(matrices)[:MOST_NAMED])}."
        )
    whole = next((matrix for matrix in found if matrix.kind == "attention"), None)
    if dora and whole:
        raise RecipeError(
            f"{whole.name} is torch's MultiheadAttention, which peft cannot train with DoRA: turn DoRA off, or name "
            "other modules as targets."
        )
    return found


def _chosen(matrices: Sequence[Matrix], targets: str) -> tuple[Matrix, ...]:
    match targets:
        case "auto":
            found = [m for m in matrices if m.role in ("query", "value", FUSED)] or [
                m for m in matrices if m.kernel == 1 and m.role != "lm_head"
            ]
        case "attention":
            found = [m for m in matrices if m.role in ATTENTION]
        case "linear":
            found = [m for m in matrices if m.kind != "convolution" and m.role != "lm_head"]
        case "convolution":
            found = [m for m in matrices if m.kind == "convolution"]
        case _:
            chosen = {m.name for word in words(targets) for m in _called(matrices, word)}
            found = [m for m in matrices if m.name in chosen]
    return tuple(found)


def words(targets: str) -> tuple[str, ...]:
    """The endings in a list joined with commas."""
    return tuple(dict.fromkeys(part.strip() for part in targets.split(",") if part.strip()))


def _called(matrices: Sequence[Matrix], word: str) -> list[Matrix]:
    """By ending; else by the letter of a role.

    Raises:
        RecipeError: a word that no module answers to.
    """
    fits = re.compile(pattern([word]))
    found = [m for m in matrices if fits.fullmatch(m.name)]
    found = found or [m for m in matrices if m.role in ALIASES.get(word, ())]
    if not found:
        raise RecipeError(
            f"No module of this backbone fits the adapter's target {word!r}. Those that can have one end in: "
            f"{', '.join(choices(matrices)[:MOST_NAMED])}."
        )
    return found


def pattern(ends: Iterable[str]) -> str:
    """A regular expression for the full names of modules that end so; `*` stands for one part of a name."""
    inner = "|".join(r"[^.]+".join(map(re.escape, ending.split("*"))) for ending in ends)
    return rf"(?:.*\.)?(?:{inner})"


def choices(matrices: Sequence[Matrix]) -> tuple[str, ...]:
    """Endings to choose from, in order, each of which names modules that play one part: `q_proj`, `mlp.c_proj`."""
    leaves: dict[str, dict[str, list[str]]] = {}
    for matrix in matrices:
        tails = leaves.setdefault(_leaf(matrix.name), {})
        tails.setdefault(_tail(matrix.name), []).append(matrix.name)
    names = [matrix.name for matrix in matrices]
    found: list[str] = []
    for leaf, tails in leaves.items():
        split = 1 < len(tails) <= MOST_CHOICES and not leaf.endswith("*")
        found += [_shortest(group, names) for group in tails.values()] if split else [leaf]
    return tuple(dict.fromkeys(found))


def endings(matrices: Sequence[Matrix], chosen: Sequence[Matrix]) -> tuple[str, ...]:
    """The shortest list of endings that names `chosen` and no other module; full names where there is none.

    An ending that stops in a number is never used: norms and activations are numbered like what they follow.
    """
    wanted, left, found = {matrix.name for matrix in chosen}, [matrix.name for matrix in matrices], []
    covered: set[str] = set()
    for ending in choices(matrices):
        fits = re.compile(pattern([ending]))
        named = {name for name in left if fits.fullmatch(name)}
        if named <= wanted and not ending.endswith("*"):
            found.append(ending)
            covered |= named
    return (*found, *(matrix.name for matrix in chosen if matrix.name not in covered))


def _leaf(name: str) -> str:
    """From the last part that is no number: `mlp.c_fc` is `c_fc`, `features.3.0` is `features.*.*`."""
    parts = name.split(".")
    return ".".join(_starred(parts)[_leaf_start(parts) :])


def _leaf_start(parts: Sequence[str]) -> int:
    return max((i for i, part in enumerate(parts) if not part.isdigit()), default=0)


def _tail(name: str) -> str:
    """What follows the last part before the leaf that has a number in it: `layer.3.output.dense`, `output.dense`."""
    parts = name.split(".")
    numbered = [i for i, part in enumerate(parts[: _leaf_start(parts)]) if has_number(part)]
    return ".".join(_starred(parts)[max(numbered, default=-1) + 1 :])


def _starred(parts: Sequence[str]) -> list[str]:
    """With `*` for numbers, and for names with a number in them unless they are the leaf."""
    leaf = _leaf_start(parts)
    return ["*" if part.isdigit() or (i < leaf and has_number(part)) else part for i, part in enumerate(parts)]


def _shortest(group: Sequence[str], names: Sequence[str]) -> str:
    """The shortest ending of the group's names that no other name has."""
    parts, wanted = _starred(group[0].split(".")), set(group)
    for length in range(1, len(parts) + 1):
        ending = ".".join(parts[-length:])
        fits = re.compile(pattern([ending]))
        if {name for name in names if fits.fullmatch(name)} == wanted:
            return ending
    return _leaf(group[0])
