"""Everything needed to repeat a training."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tlcore.data.augmentation import Augmentation
from tlcore.errors import RecipeError
from tlcore.strategies import FeatureExtraction, Optimizer, Strategy, options, strategy
from tlcore.training.schedules import Schedule
from tlcore.zoo import Head, backbone

__all__ = ["Recipe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The settings of one training. `to_dict` and `from_dict` lose nothing; TOML is its form on disk."""

    dataset: str
    """A stored dataset's id."""
    backbone: str
    """A name in the zoo."""
    strategy: Strategy = field(default_factory=FeatureExtraction)
    head: Head = field(default_factory=Head)
    optimizer: Optimizer | None = None
    """None takes the strategy's own."""
    schedule: Schedule = field(default_factory=Schedule)
    augmentation: Augmentation = field(default_factory=Augmentation)
    epochs: int = 10
    batch_size: int = 16
    """Samples in a step."""
    seed: int = 0
    """Of the head's initial weights, the order of samples and dropout."""
    device: str = "auto"

    def __post_init__(self) -> None:
        backbone(self.backbone)
        for name, value, low, high in (
            ("epochs", self.epochs, 1, 10_000),
            ("batch_size", self.batch_size, 1, 65_536),
            ("seed", self.seed, 0, 2**31 - 1),
        ):
            if not isinstance(value, int) or not low <= value <= high:
                raise RecipeError(f"{name} is a whole number from {low:,} to {high:,}; got {value!r}.")

    def to_dict(self) -> dict[str, Any]:
        """Plain values only, ready for JSON or TOML."""
        plain: dict[str, Any] = {
            "dataset": self.dataset,
            "backbone": self.backbone,
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "seed": self.seed,
            "device": self.device,
            "strategy": {"name": self.strategy.name, **options(self.strategy)},
            "head": {"hidden": list(self.head.hidden), "dropout": list(self.head.dropout)},
            "schedule": asdict(self.schedule),
            "augmentation": asdict(self.augmentation),
        }
        return plain | ({"optimizer": asdict(self.optimizer)} if self.optimizer else {})

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Recipe:
        """The inverse of `to_dict`; what is absent takes its default.

        Raises:
            RecipeError: an unknown key, a missing one, or a value out of range.
        """
        known = set(cls.__dataclass_fields__)
        if unknown := sorted(set(plain) - known):
            raise RecipeError(f"A recipe has no {unknown[0]!r}. Known: {', '.join(sorted(known))}.")
        try:
            return cls(**{key: _part(key, value) for key, value in plain.items()})
        except TypeError as error:
            raise RecipeError(f"This recipe does not fit: {error}.") from error

    def to_toml(self) -> str:
        """As a TOML document."""
        import tomli_w

        return tomli_w.dumps(self.to_dict())

    @classmethod
    def from_toml(cls, text: str) -> Recipe:
        """The inverse of `to_toml`.

        Raises:
            RecipeError: not TOML, or not a recipe.
        """
        try:
            return cls.from_dict(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise RecipeError(f"This recipe is not valid TOML: {error}.") from error


def _part(key: str, value: Any) -> Any:
    if key not in ("strategy", "head", "optimizer", "schedule", "augmentation"):
        return value
    if not isinstance(value, Mapping):
        value = {"policy" if key == "augmentation" else "name": value}
    for name, option in value.items():
        if name not in ("name", "policy"):
            _check_number(f"{key}.{name}", option)
    match key:
        case "strategy":
            return strategy(**value)
        case "head":
            return Head(**{name: tuple(numbers) for name, numbers in value.items()})
        case "optimizer":
            return Optimizer(**value)
        case "augmentation":
            return Augmentation(**value)
    return Schedule(**value)


def _check_number(name: str, value: object) -> None:
    """Every option but a name is a number, or a list of them."""
    for one in value if isinstance(value, list | tuple) else (value,):
        if not isinstance(one, int | float):
            raise RecipeError(f"{name} takes a number; got {one!r}.")
