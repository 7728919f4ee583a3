"""Which samples are nearly the same: alike in 64 bits, then proved one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["alike_pictures", "alike_texts", "near_pairs", "united"]

PICTURE_BITS = 8
"""Of 64, in which the perceptual hashes of nearly the same picture differ at most: a looser net than CleanVision's
equal hashes, since every pair is proved afterwards."""
PICTURE_CORRELATION = 0.985
"""Of two thumbnails' pixels, from which pictures are nearly the same. On photographs, saving as JPEG at quality 10 left
0.997, a quarter of the size 0.999, a tenth more light 0.995, a border of 2 % cut off 0.975 to 0.992, and a shift by a
tenth of the width 0.6 to 0.7."""
TEXT_BITS = 14
"""Of 64, in which texts with nearly the same words differ at most."""
TEXT_RATIO = 92.0
"""rapidfuzz's similarity of two texts, in percent, from which they are nearly the same."""
MOST_PARTNERS = 64
"""Later rows that a row is compared with more closely: enough to connect a cluster, however large it is."""
BLOCK_PAIRS = 2**22
"""Comparisons at a time; 32 MB of hashes."""
PROVED_AT_ONCE = 4096
Pairs = NDArray[np.int64]


def near_pairs(hashes: NDArray[np.uint64], bits: int, tell: Callable[[float], None] = lambda share: None) -> Pairs:
    """(P, 2) rows, the lower first, whose hashes (N,) differ in at most so many bits.

    All pairs are compared: 50,000 samples take seconds.
    """
    n = len(hashes)
    block = max(1, BLOCK_PAIRS // max(1, n))
    found = [np.empty((0, 2), np.int64)]
    for start in range(0, n, block):
        rows = hashes[start : start + block]
        near = np.bitwise_count(rows[:, None] ^ hashes[None, start:]) <= bits
        first, second = np.nonzero(np.triu(near, 1))
        kept = np.arange(len(first)) - np.searchsorted(first, first) < MOST_PARTNERS
        found.append(np.stack([first[kept], second[kept]], axis=1) + start)
        tell(min(1.0, (start + block) / n))
    return np.concatenate(found)


def alike_pictures(pairs: Pairs, thumbs: Sequence[bytes]) -> Pairs:
    """The pairs whose thumbnails are the same to the eye, more or less light apart."""
    if not len(pairs):
        return pairs
    pixels = np.frombuffer(b"".join(thumbs), np.uint8).reshape(len(thumbs), -1)
    kept = [np.empty((0, 2), np.int64)]
    for start in range(0, len(pairs), PROVED_AT_ONCE):
        some = pairs[start : start + PROVED_AT_ONCE]
        first, second = (_standard(pixels[some[:, side]]) for side in (0, 1))
        kept.append(some[(first * second).sum(axis=1) >= PICTURE_CORRELATION])
    return np.concatenate(kept)


def alike_texts(pairs: Pairs, texts: Sequence[str]) -> Pairs:
    """The pairs that have nearly the same words, and the same figures: invoices differ in nothing else."""
    from rapidfuzz import fuzz

    kept = [
        fuzz.ratio(texts[first], texts[second], score_cutoff=TEXT_RATIO) > 0
        and _figures(texts[first]) == _figures(texts[second])
        for first, second in pairs.tolist()
    ]
    alike: Pairs = pairs[np.array(kept, dtype=bool)]
    return alike


def united(pairs: Pairs, n: int) -> NDArray[np.int64]:
    """(n,) the number of the cluster that the pairs make of a row; -1 for rows without a partner."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, numbers = connected_components(links, directed=False)
    lonely = np.bincount(numbers)[numbers] == 1
    return np.where(lonely, -1, numbers).astype(np.int64)


def _standard(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, D) -> rows of mean 0 and length 1, or of zeros."""
    centred = pixels - pixels.mean(axis=1, keepdims=True, dtype=np.float32)
    length: NDArray[np.float32] = np.linalg.norm(centred, axis=1, keepdims=True)
    standard: NDArray[np.float32] = centred / np.maximum(length, np.float32(1e-6))
    return standard


def _figures(text: str) -> str:
    return "".join(filter(str.isdigit, text))
