"""Checks of single pictures: too small, too long, blank, dark, bright, blurry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlcore.data.checks.check import Evidence, register
from tlcore.data.checks.finding import Finding, Fix
from tlcore.data.checks.words import counted, share

__all__ = ["BLANK", "MIN_PIXELS", "SHARP"]

MIN_PIXELS = 32
"""On the shorter side: the stride of the usual networks (ResNet, EfficientNet), one cell of their last features."""
MAX_ASPECT = 1 / 0.35
"""Longer over shorter side; CleanVision's odd aspect ratio is a quotient below 0.35."""
BLANK = 0.01
"""Contrast, two and a half of 255 levels: the noise of a sensor or of JPEG on an even surface stays below; a line of
text on a white page has 0.1."""
DARK = 0.32
"""CleanVision's: the 99th percentile of the brightness is below."""
BRIGHT = 0.95
"""CleanVision's light images have their 5th percentile above 1 - 0.05."""
INK = 0.8
"""Brightness below which 1 % of a bright picture is ink: a drawing on white, not an exposure gone wrong."""
SHARP = 0.4
"""Sharpness (1 - blur effect) below which a picture is blurry. Sharp photographs have 0.65 to 0.85, blurred over 3 of
192 pixels 0.3 to 0.45; it stays above 0.5 for noise, even gradients and drawings."""
TRAIT = 0.5
"""Share of the dataset from which a property is its nature, and nothing to leave out."""


@register(
    "too_small",
    "Too small",
    modality="image",
    summary=f"Images with a side below {MIN_PIXELS} pixels.",
    fix="Leaves them out.",
)
def too_small(evidence: Evidence) -> Iterator[Finding]:
    """Images that hold less than one cell of a network's last features."""
    side = evidence.table[["width", "height"]].min(axis="columns").to_numpy()
    why = f"a side below {MIN_PIXELS} pixels; enlarged to what a network reads, little is left to tell classes by"
    yield from _flagged(evidence, "too_small", side < MIN_PIXELS, side, "too small", why)


@register(
    "aspect_ratio",
    "Extreme shape",
    modality="image",
    summary=f"Images more than {MAX_ASPECT:.2g} times as long as wide, or the other way round.",
    fix="Leaves them out.",
)
def aspect_ratio(evidence: Evidence) -> Iterator[Finding]:
    """Images of which the square that a network reads shows a part only."""
    sides = evidence.table[["width", "height"]]
    ratio = (sides.max(axis="columns") / sides.min(axis="columns")).to_numpy()
    why = (
        f"more than {MAX_ASPECT:.2g} times as long as wide, or the other way round; the square that a network "
        "reads shows their middle only"
    )
    yield from _flagged(evidence, "aspect_ratio", ratio > MAX_ASPECT, -ratio, "extremely long", why)


@register(
    "blank",
    "Nearly blank",
    modality="image",
    summary=f"Images of one colour: contrast below {100 * BLANK:.0f} %.",
    fix="Leaves them out.",
)
def blank(evidence: Evidence) -> Iterator[Finding]:
    """Images without anything to see."""
    contrast = evidence.table["contrast"].to_numpy()
    why = "of one colour, with nothing in them to learn from"
    yield from _flagged(evidence, "blank", _blank(evidence), contrast, "nearly blank", why)


@register(
    "dark",
    "Dark",
    modality="image",
    summary=f"Images whose brightest parts are below {100 * DARK:.0f} % of white.",
    fix="Leaves them out.",
)
def dark(evidence: Evidence) -> Iterator[Finding]:
    """Images that are dark throughout; a night with lamps is not."""
    high = evidence.table["high"].to_numpy()
    why = f"dark throughout, 99 % of the pixels below {100 * DARK:.0f} % of white"
    yield from _flagged(evidence, "dark", (high < DARK) & ~_blank(evidence), high, "very dark", why)


@register(
    "bright",
    "Bright",
    modality="image",
    summary=f"Images of which 95 % is above {100 * BRIGHT:.0f} % of white, without ink.",
    fix="Leaves them out.",
)
def bright(evidence: Evidence) -> Iterator[Finding]:
    """Images that are bleached throughout; a drawing on white is not."""
    pale, low = evidence.table["pale"].to_numpy(), evidence.table["low"].to_numpy()
    bad = (pale > BRIGHT) & (low > INK) & ~_blank(evidence)
    why = f"bleached throughout, 95 % of the pixels above {100 * BRIGHT:.0f} % of white"
    yield from _flagged(evidence, "bright", bad, -pale, "very bright", why)


@register(
    "blurry",
    "Blurry",
    modality="image",
    summary=f"Images with a sharpness below {SHARP:g}, seen at 192 pixels.",
    fix="Leaves them out.",
)
def blurry(evidence: Evidence) -> Iterator[Finding]:
    """Images whose edges are lost even at the size that networks read."""
    sharp = 1 - evidence.table["blur"].to_numpy()
    bad = (sharp < SHARP) & ~_blank(evidence)
    why = f"out of focus or moved (sharpness below {SHARP:g}); edges are lost even at the size that networks read"
    yield from _flagged(evidence, "blurry", bad, sharp, "blurry", why)


def _blank(evidence: Evidence) -> NDArray[np.bool_]:
    flat: NDArray[np.bool_] = evidence.table["contrast"].to_numpy() < BLANK
    return flat


def _flagged(
    evidence: Evidence, check: str, bad: NDArray[np.bool_], worth: NDArray[Any], called: str, why: str
) -> Iterator[Finding]:
    """The flagged rows, those of least worth first; where most are, it is how the data are, and nothing is offered."""
    rows = np.flatnonzero(bad)
    if not len(rows):
        return
    rows = rows[np.argsort(worth[rows], kind="stable")]
    n, total = len(rows), len(bad)
    text = f"{n:,} of {total:,} images ({share(n, total)}): {why}."
    if n > TRAIT * total:
        text += " Most images are so: it is how these data are, and what is predicted later should be the same."
        yield Finding(check=check, level="info", title=f"Most images are {called}", text=text, n=n, rows=_plain(rows))
        return
    images = counted(n, f"{called} image")
    fix = Fix(title=f"Leave out {images}", change=f"Left out {images}.", drop=_plain(rows))
    title = f"{images[:1].upper()}{images[1:]}"
    yield Finding(check=check, level="warning", title=title, text=text, n=n, rows=fix.drop, fixes=(fix,))


def _plain(rows: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(rows.tolist())
