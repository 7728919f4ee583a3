"""What a strategy is: which parameters train in which phase, at which rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from typing import Any, ClassVar, Protocol, TypeVar

from tlcore.errors import RecipeError

__all__ = [
    "Optimizer",
    "Phase",
    "Strategy",
    "Transferable",
    "matching",
    "options",
    "register",
    "strategies",
    "strategy",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimizer:
    """The update rule."""

    name: str = "adam"
    """`adam`, `adamw` or `sgd`."""
    weight_decay: float = 0.0
    """Per step, not applied to norms and biases."""

    def __post_init__(self) -> None:
        if self.name not in ("adam", "adamw", "sgd"):
            raise RecipeError(f"There is no optimizer called {self.name!r}. Known: adam, adamw, sgd.")
        if self.weight_decay < 0:
            raise RecipeError(f"Weight decay cannot be negative; got {self.weight_decay}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Consecutive epochs with one trainable set."""

    name: str
    epochs: int
    lrs: Mapping[str, float]
    """Base rate by parameter pattern. A parameter that no pattern matches is frozen."""


class Transferable(Protocol):
    """What a strategy may know of a model."""

    def stages(self) -> tuple[str, ...]:
        """Patterns of the backbone's stages, from input to output."""
        ...


class Strategy(Protocol):
    """A frozen dataclass whose fields are its options."""

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    optimizer: ClassVar[Optimizer]

    def phases(self, model: Transferable, epochs: int) -> tuple[Phase, ...]:
        """The phases, `epochs` in all."""
        ...


_REGISTRY: dict[str, type[Any]] = {}
S = TypeVar("S", bound=type[Any])


def register(kind: S) -> S:
    """Class decorator: make the strategy known by its `name`."""
    if kind.name in _REGISTRY:
        raise ValueError(f"strategy {kind.name!r} is registered twice")
    _REGISTRY[kind.name] = kind
    return kind


def strategies() -> tuple[type[Any], ...]:
    """The classes of all strategies, in order of registration."""
    return tuple(_REGISTRY.values())


def strategy(name: str, **options: object) -> Strategy:
    """The strategy called `name` with these options, the rest at their defaults.

    Raises:
        RecipeError: no such strategy or option, or a value out of range.
    """
    if name not in _REGISTRY:
        raise RecipeError(f"There is no strategy called {name!r}. Known: {', '.join(sorted(_REGISTRY))}.")
    kind = _REGISTRY[name]
    known = [option.name for option in fields(kind)]
    if unknown := sorted(set(options) - set(known)):
        raise RecipeError(f"{name} has no option {unknown[0]!r}. Its options: {', '.join(known)}.")
    made: Strategy = kind(**options)
    return made


def options(chosen: Strategy) -> dict[str, Any]:
    """The options of a strategy as plain values."""
    return asdict(chosen)  # type: ignore[call-overload, no-any-return]


def matching(name: str, patterns: Mapping[str, float]) -> str | None:
    """The most specific (longest) pattern for the parameter `name`, or None.

    A pattern is a dotted prefix (`backbone.blocks.3`) or has wildcards (`*.lora_A.*`).
    """
    fits = [p for p in patterns if name == p or name.startswith(p + ".") or fnmatchcase(name, p)]
    return max(fits, key=len, default=None)
