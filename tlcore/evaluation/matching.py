"""Another dataset's samples as a model can be judged by them: classes matched by name, samples it has met marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from tlcore.data import SPLITS, Dataset
from tlcore.data.names import readable
from tlcore.errors import DataError
from tlcore.evaluation.predictions import Predictions

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PARTS", "Match", "Part", "match", "shared_classes"]

Part = Literal["all", "test", "val"]
"""What of another dataset is looked at: all its samples, or those of one split."""
PARTS: tuple[Part, ...] = get_args(Part)
NAMED = 8
"""Classes that a sentence names."""
UNMET = -1
_TRAIN, _VAL, _TEST = (SPLITS.index(split) for split in ("train", "val", "test"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Match:
    """The samples of a part of another dataset whose class the model knows, and what is known of the rest."""

    part: Part
    rows: NDArray[np.int64]
    """(N,) of the other dataset's manifest, ascending."""
    labels: NDArray[np.int64]
    """(N,) in the numbering of the model's own classes."""
    met: NDArray[np.int8]
    """(N,) the place in `SPLITS` of the split of the model's own data that holds the same content; `UNMET` for none."""
    shared: tuple[str, ...]
    """Classes with samples here that the model knows, in its order."""
    unknown: Mapping[str, int]
    """Classes with samples here that it does not know, with how many; these samples are left out."""
    absent: tuple[str, ...]
    """Classes it knows that have no sample here, in its order."""

    @property
    def learned(self) -> NDArray[np.bool_]:
        """(N,) whether the content was in the model's train or val split, so that its answer proves little."""
        learned: NDArray[np.bool_] = (self.met == _TRAIN) | (self.met == _VAL)
        return learned

    @property
    def n_unknown(self) -> int:
        """Samples of classes that the model does not know."""
        return sum(self.unknown.values())

    def count(self, split: Literal["train", "val", "test"]) -> int:
        """Samples whose content is in that split of the model's own data."""
        return int((self.met == SPLITS.index(split)).sum())

    def judged(self, found: Predictions, *, learned: bool) -> Predictions:
        """The answers that figures are made of: without the samples of train and val, unless they are to count.

        Args:
            found: Answers to all of `rows`.
            learned: Whether samples of train and val count.
        """
        keep = np.ones(len(self.rows), bool) if learned else ~self.learned
        return replace(found, rows=found.rows[keep], logits=found.logits[keep], labels=found.labels[keep])

    def sentences(self) -> tuple[str, ...]:
        """How classes and samples of the two datasets meet, where they do not just agree; with foreign names."""
        return tuple(sentence for sentence in (self._unknown(), self._absent(), self._tested()) if sentence)

    def warning(self, *, counts: bool) -> str:
        """That samples were learned from, and whether they count in the figures; empty where none was."""
        n = int(self.learned.sum())
        if not n:
            return ""
        where = " and ".join(f"{self.count(split):,} in {split}" for split in ("train", "val") if self.count(split))
        what = (
            f"{n:,} of the {len(self.rows):,} samples {'was' if n == 1 else 'were'} also in the run's own data, {where}"
        )
        if counts:
            return f"{what}, and count here: the model was fitted or chosen on them, so these figures are too good."
        return (
            f"{what}, and {'is' if n == 1 else 'are'} left out: on what it was fitted or chosen on, a model shows what "
            "it remembers, not what it can do. Exact copies are found, copies that were saved anew are not."
        )

    def _unknown(self) -> str:
        if not self.unknown:
            return ""
        counts = [f"{name} ({n:,})" for name, n in self.unknown.items()]
        n_classes = len(self.unknown) + len(self.shared)
        return (
            f"The model does not know {len(self.unknown):,} of the {n_classes:,} classes here, so their "
            f"{_samples(self.n_unknown)} left out: {_listed(counts)}."
        )

    def _absent(self) -> str:
        if not self.absent:
            return ""
        n_classes = len(self.absent) + len(self.shared)
        return (
            f"No sample here is of {len(self.absent):,} of the {n_classes:,} classes that the model knows: "
            f"{_listed(self.absent)}. To answer {'it' if len(self.absent) == 1 else 'them'} is an error here; means "
            "over classes are taken over those that are here."
        )

    def _tested(self) -> str:
        n = self.count("test")
        if not n:
            return ""
        return f"{n:,} of the samples {'is' if n == 1 else 'are'} in the run's own test split as well, and count."


def shared_classes(own: Sequence[str], other: Sequence[str]) -> tuple[str, ...]:
    """The names that are in both, letter by letter, in the order of `own`."""
    there = set(other)
    return tuple(name for name in own if name in there)


def match(own: Dataset, other: Dataset, part: Part) -> Match:
    """Set a part of another dataset against the one that a model was trained on.

    Args:
        own: What the model was trained, chosen and tested on.
        other: What it is to be judged by.
        part: Which of its samples.

    Raises:
        DataError: another modality, no class in common, or no sample of a common class in this part.
    """
    _check(own, other, part)
    table = other.manifest()
    place = {name: number for number, name in enumerate(own.classes)}
    renumbered = np.array([place.get(name, -1) for name in other.classes], np.int64)
    inside = np.ones(len(table), bool) if part == "all" else (table["split"] == part).to_numpy()
    labels = renumbered[other.labels()]
    rows = np.flatnonzero(inside & (labels >= 0)).astype(np.int64)
    if not len(rows):
        raise DataError(
            f"{_what(part)} of {readable(other.name)} has no sample of a class that the run knows; choose another part."
        )
    there = np.bincount(labels[rows], minlength=len(own.classes))
    counts = np.bincount(other.labels()[inside], minlength=len(other.classes))
    return Match(
        part=part,
        rows=rows,
        labels=labels[rows],
        met=_met(own, table["digest"].to_numpy()[rows].tolist()),
        shared=tuple(name for name, n in zip(own.classes, there, strict=True) if n),
        unknown={
            name: int(n) for name, n, known in zip(other.classes, counts, renumbered, strict=True) if n and known < 0
        },
        absent=tuple(name for name, n in zip(own.classes, there, strict=True) if not n),
    )


def _check(own: Dataset, other: Dataset, part: Part) -> None:
    if part not in PARTS:
        raise DataError(f"Of another dataset all samples, test or val can be scored, not {part!r}.")
    if own.modality != other.modality:
        raise DataError(
            f"The run reads {own.modality}s, and {readable(other.name)} holds {other.modality}s; choose another."
        )
    if not shared_classes(own.classes, other.classes):
        raise DataError(
            f"{readable(own.name)}, which the run was trained on ({_listed(own.classes)}), and {readable(other.name)} "
            f"({_listed(other.classes)}) have no class in common, so there is nothing to score. Names of classes are "
            f"compared letter by letter{_alike(own.classes, other.classes)}."
        )


def _alike(own: Sequence[str], other: Sequence[str]) -> str:
    """A pair of names that only large and small letters keep apart, as the end of a sentence."""
    folded = {name.casefold(): name for name in own}
    pair = next(((folded[name.casefold()], name) for name in other if name.casefold() in folded), None)
    return f": {pair[0]} is not {pair[1]}" if pair else ""


def _met(own: Dataset, digests: Sequence[str]) -> NDArray[np.int8]:
    """Where each content lies in the own data; in several splits, the first of train, val, test."""
    table = own.manifest()
    where: dict[str, int] = {}
    for digest, split in zip(table["digest"], table["split"], strict=True):
        number = SPLITS.index(split)
        where[digest] = min(number, where.get(digest, number))
    return np.array([where.get(digest, UNMET) for digest in digests], np.int8)


def _what(part: Part) -> str:
    return "The whole" if part == "all" else f"The {part} split"


def _samples(n: int) -> str:
    return "1 sample is" if n == 1 else f"{n:,} samples are"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
