"""A ranking in words: what can be told apart, what was looked at, and what the scores can and cannot tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from tlcore.runs.ranking import Score, alike, best_first
from tlcore.zoo import Backbone
from ui.words import percent, plain

__all__ = ["drawn", "meaning", "told", "verdict"]

NUMBERS = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
BUSY = 0.15
"""Share of the machine that others take, from which latencies are said to be too long."""


def verdict(scores: Sequence[Score], records: Mapping[str, Backbone]) -> None:
    """The best, and whether it is."""
    st.markdown(told(scores, {name: plain(record.title) for name, record in records.items()}))
    worst = min(scores, key=lambda score: score.linear)
    best = best_first(scores)[0]
    if best.low <= best.chance:
        st.warning(
            f"Even the best is no better than always saying the largest class ({percent(best.chance)}), as far as "
            f"{best.n_val:,} val samples tell. Look at the labels, or expect little from frozen features.",
            icon=":material/warning:",
        )
    elif worst.low > 0.99:
        st.caption("All of them know these classes almost perfectly: take the cheapest.")


def told(scores: Sequence[Score], titles: Mapping[str, str]) -> str:
    """One or two sentences on who leads, in markdown."""
    ranked = best_first(scores)
    level, n = alike(ranked), f"{ranked[0].n_val:,} val sample{'' if ranked[0].n_val == 1 else 's'}"
    best = f"**{titles[ranked[0].backbone]}** has {percent(ranked[0].linear)} with a linear probe"
    if len(ranked) == 1:
        return f"{best} on {n}."
    if len(level) == 1:
        return f"{best} on {n}, ahead of all others: its 95 % interval overlaps with none of theirs."
    count = NUMBERS[len(level)] if len(level) < len(NUMBERS) else f"{len(level):,}"
    which = f"all {count}" if len(level) == len(ranked) else f"the first {count}"
    cheapest = min(level, key=lambda score: score.gflops or score.n_params)
    words = f"{best}, but {which} cannot be told apart on {n}: their 95 % intervals overlap with its."
    if cheapest.backbone != ranked[0].backbone:
        words += f" The cheapest of them is **{titles[cheapest.backbone]}**."
    return words


def drawn(scores: Sequence[Score]) -> None:
    """On how many samples all this rests, and whether the machine was busy."""
    one = scores[0]
    parts = [
        f"{used:,} {split}" if used == there else f"{used:,} of {there:,} {split}"
        for used, there, split in ((one.n_train, one.all_train, "training"), (one.n_val, one.all_val, "val"))
    ]
    words = f"From {parts[0]} and {parts[1]} samples"
    words += ", drawn by class with a fixed seed." if (one.n_train, one.n_val) != (one.all_train, one.all_val) else "."
    words += f" Always saying the largest class has {percent(one.chance)}. Test was not touched."
    if any(score.busy > BUSY for score in scores):
        words += " Latencies were measured while others used this machine: alone they are shorter."
    st.caption(words)


def meaning() -> None:
    """What the scores are, and what they are not."""
    with st.expander("What these scores can and can't tell", icon=":material/help:", key="rank-meaning"):
        st.markdown(MEANING)


MEANING = """
All four look at **frozen features**: what a backbone says of your samples before anything is trained.

- **They can** tell quickly which backbones already know what matters in your data. Where the rest of the network stays
  frozen, the linear probe is close to what training will reach.
- **They can't** tell how far fine-tuning will carry a backbone. A network that reads your data poorly at first may
  learn it well. The further your data is from photographs of everyday things, or from plain English, the less the
  order here binds.
- **Close ones are level.** The interval says how far the accuracy could be off with so few val samples. Where intervals
  overlap, choose by cost, or train them all.
- **Measured**, 26 November 2026: nine choices (EfficientNet-Lite0, 1 and 2, each reading 64, 96 and 144 pixels) on 600
  pictures, 90 of them val: of scikit-learn's handwritten digits, and of sound and defective solar cells. How well the
  order of each score agreed with that of fine-tuned test accuracy; a tau of 1 is the same order, 0 is chance.

  | Kendall's tau | digits | solar cells |
  |---|---|---|
  | linear probe | 0.26 (p = 0.34) | 0.76 (p = 0.005) |
  | k-NN | 0.43 (p = 0.13) | 0.33 (p = 0.26) |
  | LogME | 0.31 (p = 0.25) | 0.61 (p = 0.03) |
  | H-score | 0.54 (p = 0.05) | -0.11 (p = 0.76) |
  | span of fine-tuned accuracies | 7 points | 9 points |

  Among choices this close, no score foretells the order on every dataset, and the linear probe is no exception: on the
  digits it told little, on the solar cells much.
- **LogME and H-score** are computed from training samples alone. Their size means nothing across datasets; only
  compare backbones by them. The H-score is the variant with a shrunk covariance, as the plain one favours wide features
  where samples are few.
"""
