"""A run's answers on one split, or on another dataset, as the Evaluate view draws them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tlcore.data import Dataset
from tlcore.evaluation.matching import Match
from tlcore.evaluation.predictions import Predictions
from tlcore.runs import Run
from ui.words import plain, short

__all__ = ["Elsewhere", "Judged"]

PARTS = {"all": "all its samples", "test": "its test split", "val": "its val split"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Elsewhere:
    """How a dataset that is not the run's own is set against it."""

    own: Dataset
    """The run's."""
    matched: Match
    learned: bool
    """Samples that are also in the run's train or val split count."""

    @property
    def n_left_out(self) -> int:
        """Samples of the part that are in no figure."""
        return self.matched.n_unknown + (0 if self.learned else int(self.matched.learned.sum()))


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """Whose answers, on what, and how sure they are."""

    run: Run
    split: str
    """"test" or "val", and of another dataset also "all"."""
    dataset: Dataset
    """Whose samples were answered."""
    found: Predictions
    temperature: float
    """What logits are divided by wherever a confidence is shown."""
    elsewhere: Elsewhere | None = None
    """Where the dataset is not the run's own."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the model can answer, in the order of its logits."""
        return (self.elsewhere.own if self.elsewhere else self.dataset).classes

    @cached_property
    def there(self) -> list[int]:
        """Places in `names` of the classes that figures are about: all of the run's own data, else those with samples.

        Ascending.
        """
        if self.elsewhere is None:
            return list(range(len(self.names)))
        return sorted(set(self.found.labels.tolist()))

    @property
    def key(self) -> str:
        """Another one wherever something else is to be computed."""
        on = f"{self.dataset.id}-{self.split}-{len(self.found.labels)}"
        return f"{self.run.id}-{on}-{self.found.epoch}-{self.temperature:.6f}"

    @property
    def source(self) -> str:
        """Where every figure of the view comes from, as markdown."""
        cooled = "" if self.temperature == 1.0 else f", temperature {self.temperature:.2f}"
        whose = f"Run {self.run.id}, weights of epoch {self.found.epoch:,}, {len(self.found.labels):,} samples"
        if self.elsewhere is None:
            return f"{whose} of the {self.split} split of dataset {self.dataset.id}{cooled}."
        left_out = f", {self.elsewhere.n_left_out:,} left out" if self.elsewhere.n_left_out else ""
        called = f"{plain(short(self.dataset.name, 40))} ({self.dataset.id})"
        return f"{whose} of another dataset, {called}, {PARTS[self.split]}{left_out}{cooled}."
