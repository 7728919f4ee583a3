"""Dividing groups of samples, none of which may be torn apart, as close to the shares of every class as can be.

Groups are ordered by a hash and cut at the shares, as single samples are, so that most stay where they are when data
are added; then single groups move, the most useful first, while that brings the classes closer to their shares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations

import numpy as np
from numpy.typing import NDArray

from tlcore.data.splits import draw
from tlcore.errors import DataError

__all__ = ["divide_groups"]

MISSING = 0.1
"""What it costs that a class is missing from a part: as much as a third of its samples in the wrong place."""
UNTRAINED = 10.0
"""The same for the first part, which is trained on, and for a part without any sample."""
MOST_MOVES = 1_000
LEAST_GAIN = 1e-9
FEW = 48
"""Groups of which all pairs are tried; where there are more, moving single ones comes close enough."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """Samples of a class in a group, one entry for each pair that occurs; the last "class" is that of all samples."""

    group: Ints
    label: Ints
    n: Floats
    totals: Floats
    """Samples of each class (C + 1,)."""
    n_groups: int

    def summed(self, values: Floats) -> Floats:
        """One value a cell -> its sum in each group (G,)."""
        summed: Floats = np.bincount(self.group, weights=values, minlength=self.n_groups).astype(np.float64)
        return summed

    def held(self, parts: Ints, n_parts: int) -> Floats:
        """Samples of each part and class (P, C + 1)."""
        where = parts[self.group] * len(self.totals) + self.label
        counted = np.bincount(where, weights=self.n, minlength=n_parts * len(self.totals))
        return counted.astype(np.float64).reshape(n_parts, -1)


def divide_groups(
    labels: Sequence[str], digests: Sequence[str], groups: Sequence[str], shares: Sequence[float], seed: int
) -> list[int]:
    """The part (0, 1, ...) of each sample; samples of one group are in one part, those in none stand alone.

    Raises:
        DataError: there are fewer groups than parts.
    """
    names = [f"group {group}" if group else f"sample {digest}" for group, digest in zip(groups, digests, strict=True)]
    distinct = sorted(set(names), key=lambda name: draw(seed, name))
    if len(distinct) < len(shares):
        raise DataError(_too_few(groups, len(distinct), len(shares)))
    numbers = {name: number for number, name in enumerate(distinct)}
    of_sample = np.array([numbers[name] for name in names])
    cells = _cells(of_sample, labels)
    part_shares = np.array(shares, dtype=np.float64) / sum(shares)
    parts = _improved(_cut(cells, part_shares), cells, part_shares)
    return [int(part) for part in parts[of_sample]]


def _too_few(groups: Sequence[str], n: int, wanted: int) -> str:
    (name, size), *_ = Counter(groups).most_common(1)
    many = "is only 1 group" if n == 1 else f"are only {n} groups"
    return (
        f"There {many} ({name!r} has {size:,} samples), too few for {wanted} splits without tearing one apart; "
        "group by something finer."
    )


def _cells(of_sample: Ints, labels: Sequence[str]) -> _Cells:
    codes = {label: code for code, label in enumerate(sorted(set(labels)))}
    n_groups, n_codes = int(of_sample.max()) + 1, len(codes) + 1
    own = of_sample * n_codes + np.array([codes[label] for label in labels])
    keys, n = np.unique(np.concatenate([own, of_sample * n_codes + len(codes)]), return_counts=True)
    totals = np.bincount(keys % n_codes, weights=n, minlength=n_codes).astype(np.float64)
    return _Cells(group=keys // n_codes, label=keys % n_codes, n=n.astype(float), totals=totals, n_groups=n_groups)


def _cut(cells: _Cells, shares: Floats) -> Ints:
    """Groups with the same most frequent class, in their order, cut where the middle of one passes a share."""
    own = cells.label < len(cells.totals) - 1
    order = np.lexsort((cells.n[own], cells.group[own]))
    main = np.zeros(cells.n_groups, dtype=np.int64)
    main[cells.group[own][order]] = cells.label[own][order]  # the last written is the most frequent
    sizes = cells.summed(np.where(own, cells.n, 0.0))
    ends = np.array(list(accumulate(shares)))[:-1]
    parts = np.zeros(cells.n_groups, dtype=np.int64)
    for label in np.unique(main):
        these = np.flatnonzero(main == label)
        middles = (np.cumsum(sizes[these]) - sizes[these] / 2) / sizes[these].sum()
        parts[these] = np.searchsorted(ends, middles, side="right")
    return parts


def _improved(parts: Ints, cells: _Cells, shares: Floats) -> Ints:
    """Move the group that helps most, and again, until none helps; a few groups also change places in pairs."""
    parts = parts.copy()
    for _ in range(MOST_MOVES):
        gains = _gains(parts, cells, shares)
        group, part = divmod(int(gains.argmax()), len(shares))
        if gains[group, part] > LEAST_GAIN:
            parts[group] = part
        elif cells.n_groups > FEW or not _swap(parts, cells, shares):
            break
    return parts


def _swap(parts: Ints, cells: _Cells, shares: Floats) -> bool:
    """Change the places of the two groups that gain most by it, if any do."""
    before, best, pair = _cost(parts, cells, shares), LEAST_GAIN, None
    for one, other in combinations(range(cells.n_groups), 2):
        if parts[one] != parts[other]:
            tried = parts.copy()
            tried[[one, other]] = parts[[other, one]]
            gain = before - _cost(tried, cells, shares)
            if gain > best:
                best, pair = gain, [one, other]
    if pair:
        parts[pair] = parts[pair[::-1]]
    return pair is not None


def _cost(parts: Ints, cells: _Cells, shares: Floats) -> float:
    """Squared deviations from the shares over parts and classes, and what is missing."""
    held = cells.held(parts, len(shares))
    fatal = np.zeros_like(held, dtype=bool)
    fatal[0], fatal[:, -1] = True, True
    missing = np.where(held < 0.5, np.where(fatal, UNTRAINED, MISSING), 0.0)
    return float((((held / cells.totals) - shares[:, None]) ** 2 + missing).sum())


def _gains(parts: Ints, cells: _Cells, shares: Floats) -> Floats:
    """By how much the cost falls if a group (G,) moves to a part (P,): squared deviations, as shares of the class."""
    held = cells.held(parts, len(shares))
    now = parts[cells.group]
    change = np.stack([_change(now, np.full_like(now, part), held, cells, shares) for part in range(len(shares))])
    gains = -np.stack([cells.summed(one) for one in change], axis=1)
    gains[np.arange(cells.n_groups), parts] = 0.0
    return gains


def _change(now: Ints, then: Ints, held: Floats, cells: _Cells, shares: Floats) -> Floats:
    """What each cell adds to the cost when its samples go from one part to another."""
    label, n, total = cells.label, cells.n, cells.totals[cells.label]
    left, there = held[now, label], held[then, label]
    over_now, over_then = (left - shares[now] * total) / total, (there - shares[then] * total) / total
    step = n / total
    squares = step * (2 * over_then - 2 * over_now + 2 * step)
    everything = label == len(cells.totals) - 1
    emptied = np.where(left - n < 0.5, np.where((now == 0) | everything, UNTRAINED, MISSING), 0.0)
    filled = np.where(there < 0.5, np.where((then == 0) | everything, UNTRAINED, MISSING), 0.0)
    return squares + emptied - filled
