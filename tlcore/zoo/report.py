"""What a file of weights has for a network, key by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

__all__ = ["WeightsReport", "WrongShape", "compare"]

COUNTER = "num_batches_tracked"
"""Of a BatchNorm layer, absent from old files; it counts, and nothing that is computed depends on it."""


FOREIGN = 0.25
"""Tensors without a place, as a share of those with one, from which a file is a larger model's: ResNet-34 has all names
and shapes of ResNet-18, and 96 more. Old files of GPT-2 keep 16 % of masks and the like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongShape:
    """A tensor that the network has in another shape."""

    name: str
    in_file: tuple[int, ...]
    in_network: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsReport:
    """Names of tensors, each in one of five lists."""

    file: str
    title: str
    """Of the backbone."""
    matched: tuple[str, ...]
    missing: tuple[str, ...]
    """In the backbone, and not in the file."""
    wrong: tuple[WrongShape, ...]
    """In both, in different shapes."""
    classifier: tuple[str, ...]
    """In the file, of a classifier on top of the backbone: it may have any number of classes, and is left out."""
    unexpected: tuple[str, ...]
    """In the file, and of no use to the backbone."""

    @property
    def fits(self) -> bool:
        """Whether every tensor of the backbone is there in its shape, and not many others."""
        return bool(self.matched) and not self.missing and not self.wrong and not self.larger

    @property
    def larger(self) -> bool:
        """Whether so many tensors have no place that the file is another network's."""
        return len(self.unexpected) > FOREIGN * len(self.matched)

    def sentence(self) -> str:
        """For people: that it fits, or the first thing that does not."""
        total = len(self.matched) + len(self.missing) + len(self.wrong)
        if self.fits:
            left = len(self.classifier) + len(self.unexpected)
            rest = f" {left} others are left out." if left else ""
            return f"{self.file!r} has all {total} tensors of {self.title}.{rest}"
        start = f"{self.file!r} does not fit {self.title}: {len(self.matched)} of its {total} tensors match"
        if self.wrong:
            one = self.wrong[0]
            return (
                f"{start}, {len(self.wrong)} have another shape. {one.name} is {_shape(one.in_file)} in the file and "
                f"{_shape(one.in_network)} in the network. Is it the state dict of another model?"
            )
        if not self.missing and self.larger:
            return (
                f"{start}, but {len(self.unexpected)} more have no place in it, such as "
                f"{', '.join(self.unexpected[:3])}. Is it the state dict of a larger model?"
            )
        return (
            f"{start}, {len(self.missing)} are missing, such as {', '.join(self.missing[:3])}. Is it the state dict of "
            "another model?"
        )


def compare(
    given: Mapping[str, Tensor], own: Mapping[str, Tensor], *, classifier: tuple[str, ...], file: str, title: str
) -> WeightsReport:
    """Sort the tensors of a file by what they are to a network without its classifier.

    Args:
        given: The file's tensors, under the network's names.
        own: The network's.
        classifier: What names of a classifier's tensors begin with.
    """
    common = [name for name in own if name in given]
    differs = {name for name in common if given[name].shape != own[name].shape}
    beside = [name for name in given if name not in own]
    heads = {name for name in beside if name.startswith(classifier)}
    return WeightsReport(
        file=file,
        title=title,
        matched=tuple(name for name in common if name not in differs),
        missing=tuple(name for name in own if name not in given and not name.endswith(COUNTER)),
        wrong=tuple(
            WrongShape(name=name, in_file=tuple(given[name].shape), in_network=tuple(own[name].shape))
            for name in common
            if name in differs
        ),
        classifier=tuple(name for name in beside if name in heads),
        unexpected=tuple(name for name in beside if name not in heads),
    )


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "a single number"
