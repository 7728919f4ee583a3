"""What a strategy is: which parameters train in which phase, at which rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from fnmatch import fnmatchcase
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

from tlcore.errors import RecipeError

__all__ = [
    "Optimizer",
    "Phase",
    "Preparing",
    "Strategy",
    "Transferable",
    "Usual",
    "halves",
    "matching",
    "options",
    "rate",
    "register",
    "strategies",
    "strategy",
    "usual",
]

TEXT_WEIGHT_DECAY = 0.01
ORDER = (
    "feature_extraction",
    "fine_tune",
    "fine_tune_from_middle",
    "gradual_unfreezing",
    "progressive",
    "lora",
    "from_scratch",
)
"""From the one that changes least to the one that keeps nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimizer:
    """The update rule."""

    name: str = "adam"
    """`adam`, `adamw` or `sgd` (with momentum 0.9)."""
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
    warmup: float = 0.0
    """Share of the phase's own steps with a linear rise from 0, on top of the run's schedule, in [0, 1)."""

    def __post_init__(self) -> None:
        if not isinstance(self.epochs, int) or self.epochs < 1:
            raise RecipeError(f"Phase {self.name!r} lasts a whole number of epochs, at least 1; got {self.epochs!r}.")
        if not self.lrs:
            raise RecipeError(f"Phase {self.name!r} trains nothing: give at least one pattern a rate.")
        for pattern, lr in self.lrs.items():
            rate(f"of {pattern!r} in phase {self.name!r}", lr)
        if not 0 <= self.warmup < 1:
            raise RecipeError(f"Warm-up of phase {self.name!r} is a share in [0, 1); got {self.warmup}.")

    def factor(self, step: int, steps: int) -> float:
        """What the warm-up multiplies rates by at `step` of the phase's `steps`, counted from 1: s / W up to W."""
        warm = round(self.warmup * steps)
        return step / warm if step < warm else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What a recipe with this strategy takes where it does not say otherwise."""

    epochs: int = 10
    optimizer: Optimizer = field(default_factory=lambda: Optimizer(name="adamw", weight_decay=1e-4))
    schedule: str = "cosine"
    warmup: float = 0.1
    """Share of all steps."""
    patience: int = 0
    """Epochs without a lower val loss after which a phase ends; 0 never ends one early."""
    clip: float = 1.0
    """Largest norm of all gradients together; 0 leaves them as they are."""


class Transferable(Protocol):
    """What a strategy may know of a model."""

    def stages(self) -> tuple[str, ...]:
        """Patterns of the backbone's stages, from input to output."""
        ...


class Strategy(Protocol):
    """A frozen dataclass whose fields are its options.

    A field's metadata speaks to the form: `title`, `help`, `unit`, `min`, `max`, `choices`; and `text`, its default
    for text backbones where that is another one.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    usual: ClassVar[Usual]
    pretrained: ClassVar[bool]
    """Whether the backbone starts from its pretrained weights."""

    def phases(self, model: Transferable, epochs: int) -> tuple[Phase, ...]:
        """The phases, `epochs` in all."""
        ...


@runtime_checkable
class Preparing(Protocol):
    """A strategy that changes the model before training, by adding adapters for instance."""

    def prepare(self, model: Any) -> None:
        """Change the model in place."""
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
    """The classes of all strategies, those of `ORDER` first."""
    known = [_REGISTRY[name] for name in ORDER if name in _REGISTRY]
    return (*known, *(kind for kind in _REGISTRY.values() if kind not in known))


def strategy(name: str, modality: str = "image", **options: object) -> Strategy:
    """The strategy called `name` with these options, the rest at their defaults for this kind of data.

    Raises:
        RecipeError: no such strategy or option, or a value out of range.
    """
    if name not in _REGISTRY:
        raise RecipeError(f"There is no strategy called {name!r}. Known: {', '.join(sorted(_REGISTRY))}.")
    kind = _REGISTRY[name]
    known = {option.name: option for option in fields(kind)}
    if unknown := sorted(set(options) - set(known)):
        raise RecipeError(f"{name} has no option {unknown[0]!r}. Its options: {', '.join(known)}.")
    for key, value in options.items():
        _check_type(key, known[key].default, value)
    own = {key: option.metadata[modality] for key, option in known.items() if modality in option.metadata}
    made: Strategy = kind(**(own | options))
    return made


def _check_type(name: str, default: object, value: object) -> None:
    """An option is of its default's type; whole numbers pass for others."""
    if isinstance(default, bool) and not isinstance(value, bool):
        raise RecipeError(f"strategy.{name} is true or false; got {value!r}.")
    if isinstance(default, float) and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise RecipeError(f"strategy.{name} takes a number; got {value!r}.")
    if type(default) is int and type(value) is not int:
        raise RecipeError(f"strategy.{name} takes a whole number; got {value!r}.")


def options(chosen: Strategy) -> dict[str, Any]:
    """The options of a strategy as plain values."""
    return asdict(chosen)  # type: ignore[call-overload, no-any-return]


def usual(chosen: Strategy | type[Any], modality: str) -> Usual:
    """What goes with a strategy on this kind of data: AdamW decays weights by 0.01 on texts."""
    own: Usual = chosen.usual
    if modality == "text" and own.optimizer.name == "adamw":
        return replace(own, optimizer=replace(own.optimizer, weight_decay=TEXT_WEIGHT_DECAY))
    return own


def halves(stages: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Early and late stages; with an odd number the middle one is late."""
    middle = len(stages) // 2
    return tuple(stages[:middle]), tuple(stages[middle:])


def rate(what: str, value: float) -> None:
    """Refuse a learning rate that cannot train.

    Raises:
        RecipeError: not a number in (0, 1].
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise RecipeError(f"The learning rate {what} lies in (0, 1]; got {value!r}.")


def matching(name: str, patterns: Mapping[str, float]) -> str | None:
    """The most specific pattern for the parameter `name`, or None.

    A pattern is a dotted prefix (`backbone.blocks.3`), has wildcards (`*.lora_A.*`), or is several of these joined
    with `|`. The longest of those that fit wins.
    """
    longest: tuple[int, str | None] = (0, None)
    for pattern in patterns:
        for part in pattern.split("|"):
            fits = name == part or name.startswith(part + ".") or fnmatchcase(name, part)
            if fits and len(part) > longest[0]:
                longest = (len(part), pattern)
    return longest[1]
