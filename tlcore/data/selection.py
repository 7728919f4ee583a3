"""From everything that could be read to what is learned from: copies, contradictions and small classes go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tlcore.data.problems import Findings
from tlcore.data.splits import MIN_CLASS, SPLITS, Split, SplitRatios, divide
from tlcore.errors import DataError

__all__ = ["Item", "assign_splits", "select"]

ROW = re.compile(r"(line|row|item) \d+$")
"""Where a sample of a table is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One sample on its way into a dataset."""

    label: str
    """The class's name."""
    digest: str
    """32 hex characters of the original bytes."""
    sample: str
    """An image's file below `files/`, or the text."""
    origin: str
    """Where the user finds it: a path in the zip, a line in the table."""
    split: Split | None
    """The user's own choice, if any."""
    group: str = ""
    """What the sample must not be parted from: samples of one group never lie in different splits; empty for none."""


def select(items: Sequence[Item], findings: Findings, name: str) -> list[Item]:
    """What can be learned from, ordered by class and digest.

    Raises:
        DataError: fewer than two classes have enough samples.
    """
    kept = _without_small_classes(_without_untrained(_distinct(items, findings), findings), findings)
    usable = {item.label for item in kept}
    if len(usable) < 2:
        raise DataError(_too_few_classes({item.label for item in items}, usable, findings, name))
    return sorted(kept, key=lambda item: (item.label, item.digest))


def assign_splits(items: Sequence[Item], ratios: SplitRatios, findings: Findings) -> list[Split]:
    """The split of each item: the user's own where given, what is missing of it taken from train; else by ratios."""
    own = [item.split for item in items]
    if None in own:
        divided = _divided(items, SPLITS, ratios)
        if any(item.group for item in items):
            _note_gaps(items, divided, findings)
        return divided
    splits: list[Split] = [split for split in own if split is not None]
    missing = [split for split in SPLITS if split not in splits]
    if missing:
        train = [row for row, split in enumerate(splits) if split == "train"]
        parts = _divided([items[row] for row in train], ("train", *missing), ratios)
        for row, part in zip(train, parts, strict=True):
            splits[row] = part
        what = f"Has no labelled images, so a part of train was set aside for {' and '.join(missing)}."
        findings.note(f"Folder {' and '.join(missing)}", what)
    _note_gaps(items, splits, findings)
    _note_torn(items, splits, findings)
    return splits


def _divided(items: Sequence[Item], names: Sequence[Split], ratios: SplitRatios) -> list[Split]:
    shares = [ratios.shares[SPLITS.index(name)] for name in names]
    labels, digests, groups = ([getattr(item, name) for item in items] for name in ("label", "digest", "group"))
    parts = divide(labels, digests, shares, ratios.seed, groups)
    return [names[part] for part in parts]


def _distinct(items: Sequence[Item], findings: Findings) -> list[Item]:
    by_digest: dict[str, list[Item]] = {}
    for item in items:
        by_digest.setdefault(item.digest, []).append(item)
    kept: list[Item] = []
    for copies in by_digest.values():
        if len({item.label for item in copies}) > 1:
            for item in copies:
                where = f"{item.origin} ({item.label})" if ROW.match(item.origin) else item.origin
                findings.leave_out(where, "the same content under different labels", "Decide which label is right.")
            continue
        first = max(copies, key=lambda item: SPLITS.index(item.split) if item.split else 0)
        kept.append(first)
        for item in copies:
            if item is not first:
                findings.leave_out(item.origin, "an exact copy of another sample of its class", "Nothing to do.")
    return kept


def _without_untrained(items: list[Item], findings: Findings) -> list[Item]:
    """With the user's own splits, a class that train lacks cannot be learned."""
    trained = {item.label for item in items if item.split in (None, "train")}
    advice = "Move some of its images to train."
    return _without(items, lambda label: label in trained, "a class without images in train", advice, findings)


def _without_small_classes(items: list[Item], findings: Findings) -> list[Item]:
    sizes = _sizes(items)
    reason = f"a class with fewer than {MIN_CLASS} different samples, one for each of train, val and test"
    advice = "Add samples, or merge it with another class."
    return _without(items, lambda label: sizes[label] >= MIN_CLASS, reason, advice, findings)


def _without(
    items: list[Item], keep: Callable[[str], bool], reason: str, advice: str, findings: Findings
) -> list[Item]:
    for item in items:
        if not keep(item.label):
            findings.leave_out(f"{item.label} ({item.origin})", reason, advice)
    return [item for item in items if keep(item.label)]


def _sizes(items: Iterable[Item]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for item in items:
        sizes[item.label] = sizes.get(item.label, 0) + 1
    return sizes


def _note_gaps(items: Sequence[Item], splits: Sequence[Split], findings: Findings) -> None:
    there = {(item.label, split) for item, split in zip(items, splits, strict=True)}
    for label in sorted({item.label for item in items}):
        for split in SPLITS:
            if (label, split) not in there:
                what = f"Classes without a sample in {split}, which says nothing of them."
                findings.note(label, what, f"Move some of their images to {split}.")


def _note_torn(items: Sequence[Item], splits: Sequence[Split], findings: Findings) -> None:
    """A division of the user's own is kept, but may leak what it is tested on."""
    where: dict[str, set[Split]] = {}
    for item, split in zip(items, splits, strict=True):
        if item.group:
            where.setdefault(item.group, set()).add(split)
    for group in sorted(group for group, found in where.items() if len(found) > 1):
        what = "Groups with samples in more than one of your splits, so that the scores on val and test flatter."
        findings.note(group, what, "Split anew by group, or move their samples into one split.")


def _too_few_classes(there: set[str], usable: set[str], findings: Findings, name: str) -> str:
    if len(there) == 1:
        return (
            f"{name} holds one class only ({next(iter(there))}), and a classifier needs at least two; "
            f"add the samples of another class{findings.first()}."
        )
    enough = f"only {next(iter(usable))} has" if usable else "none has"
    return (
        f"{name} holds {len(there)} classes, but {enough} the {MIN_CLASS} different samples a class needs; "
        f"add samples to the others{findings.first()}."
    )
