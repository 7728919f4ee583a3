"""Everything needed to repeat a training."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tlcore.data.augmentation import Augmentation
from tlcore.errors import RecipeError
from tlcore.strategies import FeatureExtraction, Optimizer, Phase, Strategy, Transferable, options, strategy, usual
from tlcore.training.schedules import Schedule
from tlcore.zoo import Head, backbone

__all__ = ["BALANCES", "BATCH_NORMS", "PRECISIONS", "SMALL_BATCH", "Recipe"]

BALANCES = ("none", "weights", "sampling")
BATCH_NORMS = ("auto", "frozen", "train")
PRECISIONS = ("auto", "float32", "bfloat16", "float16")
SMALL_BATCH = 32
"""Samples below which batch statistics are too noisy to train with."""
OWN: Any = None
"""Takes the strategy's own value when the recipe is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The settings of one training. `to_dict` and `from_dict` lose nothing; TOML is its form on disk."""

    dataset: str
    """A stored dataset's id."""
    backbone: str
    """A name in the zoo."""
    strategy: Strategy = field(default_factory=FeatureExtraction)
    phases: tuple[Phase, ...] = ()
    """A sequence of one's own, instead of the strategy's."""
    head: Head = field(default_factory=Head)
    optimizer: Optimizer = OWN
    schedule: Schedule = OWN
    augmentation: Augmentation = field(default_factory=Augmentation)
    epochs: int = OWN
    """Passes over train, all phases together."""
    extensions: tuple[int, ...] = ()
    """Epochs added after the planned end, each time with what the last phase trains and a schedule of their own."""
    batch_size: int = 16
    """Samples in an optimizer step."""
    accumulate: int = 1
    """Parts that a batch passes the network in, to save memory; the step is the same."""
    clip: float = OWN
    """Largest norm of all gradients together; 0 leaves them as they are."""
    patience: int = OWN
    """Epochs without a lower val loss after which a phase ends early, and with the last phase the run; 0 is never."""
    balance: str = "none"
    """Against unequal classes: `weights` in the loss, or `sampling` each class equally often."""
    label_smoothing: float = 0.0
    """Share of each label spread over all classes, in [0, 1)."""
    batch_norm: str = "auto"
    """Of the backbone: `frozen` in eval mode, `train`, or `auto`, which freezes below 32 samples at a time."""
    precision: str = "auto"
    """Of the forward pass where the backbone trains; `auto` is bfloat16 or float16 on CUDA, else float32."""
    seed: int = 0
    """Of the head's initial weights, the order of samples, augmentation and dropout."""
    device: str = "auto"

    def __post_init__(self) -> None:
        own = usual(self.strategy, backbone(self.backbone).modality)
        for name, value in (
            ("optimizer", own.optimizer),
            ("schedule", Schedule(name=own.schedule, warmup=own.warmup)),
            ("epochs", sum(phase.epochs for phase in self.phases) or own.epochs),
            ("clip", own.clip),
            ("patience", own.patience),
        ):
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        self._check_numbers()
        self._check_choices()

    def plan(self, model: Transferable) -> tuple[Phase, ...]:
        """The phases of this training: `epochs` in all, and one phase for each extension."""
        planned = self.phases or self.strategy.phases(model, self.epochs)
        return (*planned, *(_extension(planned[-1], i, epochs) for i, epochs in enumerate(self.extensions)))

    def factor(self, epochs: Sequence[int], per_epoch: int, phase: int, step: int) -> float:
        """What the schedule multiplies base rates by at `step` of a phase, counted from 1.

        It spans the planned phases together, and each extension by itself.

        Args:
            epochs: Of each phase of the plan.
            per_epoch: Steps in an epoch.
            phase: Index of the phase.
        """
        planned = len(epochs) - len(self.extensions)
        if phase >= planned:
            return self.schedule.factor(step, epochs[phase] * per_epoch)
        return self.schedule.factor(sum(epochs[:phase]) * per_epoch + step, sum(epochs[:planned]) * per_epoch)

    def scaled(self, times: float) -> Recipe:
        """The same with every learning rate multiplied, to three digits, those of its own phases too; none above 1."""
        rates = {key: _times(lr, times) for key, lr in options(self.strategy).items() if _is_rate(key)}
        phases = tuple(
            replace(phase, lrs={key: _times(lr, times) for key, lr in phase.lrs.items()}) for phase in self.phases
        )
        return replace(self, strategy=replace(self.strategy, **rates), phases=phases)  # type: ignore[type-var]

    def freezes_batch_norm(self) -> bool:
        """Whether BatchNorm layers stay as they are also in stages that train."""
        if self.batch_norm == "auto":
            return self.strategy.pretrained and self.batch_size // self.accumulate < SMALL_BATCH
        return self.batch_norm == "frozen"

    def to_dict(self) -> dict[str, Any]:
        """Plain values only, ready for JSON or TOML."""
        return {
            "dataset": self.dataset,
            "backbone": self.backbone,
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "accumulate": self.accumulate,
            "clip": self.clip,
            "patience": self.patience,
            "balance": self.balance,
            "label_smoothing": self.label_smoothing,
            "batch_norm": self.batch_norm,
            "precision": self.precision,
            "seed": self.seed,
            "device": self.device,
            "strategy": {"name": self.strategy.name, **options(self.strategy)},
            "head": {"hidden": list(self.head.hidden), "dropout": list(self.head.dropout)},
            "optimizer": asdict(self.optimizer),
            "schedule": asdict(self.schedule),
            "augmentation": self.augmentation.to_dict(),
            **({"phases": [_plain_phase(phase) for phase in self.phases]} if self.phases else {}),
            **({"extensions": list(self.extensions)} if self.extensions else {}),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Recipe:
        """The inverse of `to_dict`; what is absent takes its default.

        Raises:
            RecipeError: an unknown key, a missing one, or a value out of range.
        """
        known = set(cls.__dataclass_fields__)
        if unknown := sorted(set(plain) - known):
            raise RecipeError(f"A recipe has no {unknown[0]!r}. Known: {', '.join(sorted(known))}.")
        if missing := [key for key in ("dataset", "backbone") if key not in plain]:
            raise RecipeError(f"This recipe names no {missing[0]}.")
        modality = backbone(plain["backbone"]).modality
        try:
            return cls(**{key: _part(key, value, modality) for key, value in plain.items()})
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

    def _check_numbers(self) -> None:
        for name, low, high in (
            ("epochs", 1, 10_000),
            ("batch_size", 1, 65_536),
            ("accumulate", 1, self.batch_size),
            ("patience", 0, 10_000),
            ("seed", 0, 2**31 - 1),
        ):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise RecipeError(f"{name} is a whole number from {low:,} to {high:,}; got {value!r}.")
        for epochs in self.extensions:
            if not isinstance(epochs, int) or isinstance(epochs, bool) or not 1 <= epochs <= 10_000:
                raise RecipeError(f"An extension lasts a whole number of epochs from 1 to 10,000; got {epochs!r}.")
        planned = sum(phase.epochs for phase in self.phases)
        if planned and planned != self.epochs:
            raise RecipeError(
                f"The phases last {planned} epochs in all, but epochs is {self.epochs}; "
                "leave epochs out, or make them agree."
            )
        if not isinstance(self.clip, int | float) or not self.clip >= 0:
            raise RecipeError(f"clip is the largest norm of the gradients, 0 for none; got {self.clip!r}.")
        if not isinstance(self.label_smoothing, int | float) or not 0 <= self.label_smoothing < 1:
            raise RecipeError(f"label_smoothing is a share in [0, 1); got {self.label_smoothing!r}.")

    def _check_choices(self) -> None:
        for name, choices in (("balance", BALANCES), ("batch_norm", BATCH_NORMS), ("precision", PRECISIONS)):
            if getattr(self, name) not in choices:
                raise RecipeError(f"{name} is one of {', '.join(choices)}; got {getattr(self, name)!r}.")


def _is_rate(option: str) -> bool:
    return option == "lr" or option.endswith("_lr")


def _times(lr: float, times: float) -> float:
    return min(1.0, float(f"{lr * times:.3g}"))


def _extension(last: Phase, index: int, epochs: int) -> Phase:
    return replace(last, name="extension" if not index else f"extension {index + 1}", epochs=epochs, warmup=0.0)


def _plain_phase(phase: Phase) -> dict[str, Any]:
    return {"name": phase.name, "epochs": phase.epochs, "warmup": phase.warmup, "lrs": dict(phase.lrs)}


def _part(key: str, value: Any, modality: str) -> Any:
    if key in ("extensions", "phases"):
        return tuple(Phase(**one) if key == "phases" else one for one in value)
    if key not in ("strategy", "head", "optimizer", "schedule", "augmentation"):
        return value
    if not isinstance(value, Mapping):
        value = {"policy" if key == "augmentation" else "name": value}
    if key == "strategy":
        return strategy(**{"modality": modality, **value})
    for name, option in value.items():
        if name not in ("name", "policy"):
            _check_number(f"{key}.{name}", option)
    match key:
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
