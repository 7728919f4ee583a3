"""Samples that belong together, such as those of one patient: found by a pattern in the path each came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tlcore.errors import DataError

__all__ = ["Grouping", "Guess", "group_by", "guesses", "summary"]

MAX_PATTERN_CHARS = 200
MEMORY = 8 << 20
"""Bytes that a compiled pattern may take."""
N_EXAMPLES = 5
MOST_JUDGED = 4_000
"""Samples that guesses are judged by."""
KINDS = (
    ("file name up to its last number", r"([^/]*?)[-_ .]*[0-9]+[^/0-9]*$"),
    ("file name up to its first _ or -", r"(?:^|/)([^/_-]+)[_-][^/]*$"),
    ("file name up to its last _ or -", r"(?:^|/)([^/]+)[_-][^/_-]*$"),
    ("the folder it lies in", r"([^/]+)/[^/]+$"),
    ("the whole path of its folder", r"^(.+)/[^/]+$"),
)
"""What people call the usual ways to name files of one thing, and the pattern for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """What a grouping makes of a dataset, at a glance."""

    n_groups: int
    """With at least one sample; those that are in none do not count."""
    largest: int
    """Samples of the largest group."""
    n_alone: int
    """Samples in no group."""
    examples: tuple[tuple[str, int], ...]
    """The largest groups, by name, with their number of samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A pattern that could be meant."""

    title: str
    """For people, in the middle of a sentence."""
    pattern: str
    found: Grouping
    """In the samples that were judged."""


def group_by(origins: Sequence[str], pattern: str) -> list[str]:
    """The group of each origin: what the first bracket of the pattern holds, or else all it matches; "" without match.

    Patterns are RE2's, whose time grows with the length of the origin alone, so no pattern can hold the machine up.

    Raises:
        DataError: the pattern is none, or too long.
    """
    import re2

    if not pattern.strip() or len(pattern) > MAX_PATTERN_CHARS:
        raise DataError(f"A pattern has 1 to {MAX_PATTERN_CHARS} characters; this one has {len(pattern.strip())}.")
    options = re2.Options()
    options.log_errors, options.max_mem = False, MEMORY
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        raise DataError(
            f"{pattern!r} is not a pattern that can be read ({_reason(error)}); write {_EXAMPLE}."
        ) from error
    place = 1 if compiled.groups else 0
    found = (compiled.search(origin) for origin in origins)
    return [(match.group(place) or "") if match else "" for match in found]


def summary(groups: Sequence[str]) -> Grouping:
    """Count the groups."""
    sizes = Counter(groups)
    n_alone = sizes.pop("", 0)
    largest = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))[:N_EXAMPLES]
    return Grouping(
        n_groups=len(sizes),
        largest=max(sizes.values(), default=0),
        n_alone=n_alone,
        examples=tuple(largest),
    )


def guesses(origins: Sequence[str], labels: Sequence[str]) -> tuple[Guess, ...]:
    """The usual patterns under which these samples fall into at least three groups that are not just the classes."""
    some = sorted(zip(origins, labels, strict=True))[:MOST_JUDGED]  # neighbours by name, so that groups stay whole
    origins, labels = [origin for origin, _ in some], [label for _, label in some]
    made: dict[tuple[str, ...], Guess] = {}
    for title, pattern in KINDS:
        groups = group_by(origins, pattern)
        found = summary(groups)
        whole = found.n_groups >= 3 and found.largest > 1 and not found.n_alone
        if whole and found.largest < len(origins) / 2 and not _are_classes(groups, labels):
            made.setdefault(tuple(groups), Guess(title=title, pattern=pattern, found=found))
    return tuple(made.values())


_EXAMPLE = r"([^/_]+)_[^/]*$ for what stands before the first _ of a file name"


def _are_classes(groups: Sequence[str], labels: Sequence[str]) -> bool:
    """Every class is one group: a folder of its own, say, which tells nothing of what belongs together."""
    return len(set(zip(groups, labels, strict=True))) == len(set(labels))


def _reason(error: Exception) -> str:
    said = error.args[0] if error.args else error
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
