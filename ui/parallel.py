"""Parallel coordinates that grow while someone looks: a line for each trial, an axis for each thing that varies."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from tlcore.runs.sweeps import Row
from ui.live_plot import place_plotly, plotly_address
from ui.naming import option_title
from ui.words import label

__all__ = ["dimensions", "parallel", "varying"]

_HERE = Path(__file__).parent
ABSENT = "–"
"""Of an option that means nothing to a trial's strategy."""
DECADES = 10
"""Ratio of ends from which numbers are laid out by their logarithm."""
MARGIN = 0.12
"""Share of an axis below its lowest number, for trials without one."""
OVER = ("finished", "stopped", "pruned", "failed", "interrupted")
"""States of trials that train no more."""
APART = 0.06
"""Share of an axis that a number's words take up."""


def parallel(rows: Sequence[Row], names: Sequence[str], *, key: str) -> None:
    """Draw or update the chart of the trials that have a score; `names` are the axes that vary."""
    shown = [row for row in rows if row.val_accuracy is not None]
    scores = [row.val_accuracy for row in shown if row.val_accuracy is not None]
    data = {
        "src": plotly_address(),
        "dimensions": dimensions(shown, names),
        "colour": scores,
        "low": min(scores, default=0.0),
        "high": max(scores, default=1.0) + (1e-6 if len(set(scores)) < 2 else 0.0),
        "alt": f"{len(shown)} trials as lines over {', '.join(names)} and val accuracy; the table has the figures.",
    }
    _component()(key=key, data=data)


def dimensions(rows: Sequence[Row], names: Sequence[str]) -> list[dict[str, Any]]:
    """What Plotly draws as axes: val accuracy, which a narrow screen shows, what varies, what became of each trial."""
    found = [_axis(name, [row.values.get(name) for row in rows]) for name in names]
    states = [row.state if row.state in OVER else "training" for row in rows]
    scores = [row.val_accuracy for row in rows]
    return [{"label": "val accuracy", "values": scores, "tickformat": ".0%"}, *found, _axis("outcome", states)]


def _axis(name: str, values: Sequence[Any]) -> dict[str, Any]:
    there = [value for value in values if value is not None]
    if there and all(isinstance(value, int | float) and not isinstance(value, bool) for value in there):
        return _numbers(name, values, sorted(set(there)))
    words = [ABSENT if value is None else value if isinstance(value, str) else json.dumps(value) for value in values]
    known = sorted(set(words))
    return {
        "label": label(option_title(name), 22),
        "values": [known.index(word) for word in words],
        "tickvals": list(range(len(known))),
        "ticktext": [label(word.replace("_", " "), 20) for word in known],
        "range": [-0.3, max(len(known) - 1, 0) + 0.3],
    }


def _numbers(name: str, values: Sequence[Any], known: Sequence[float]) -> dict[str, Any]:
    low, high = known[0], known[-1]
    log = low > 0 and high >= DECADES * low
    at = math.log10 if log else float
    below = at(low) - MARGIN * ((at(high) - at(low)) or 1.0)
    ticks = _apart([(at(tick), f"{tick:.3g}") for tick in _ticks(known, log)], ((at(high) - at(low)) or 1.0) * APART)
    missing = any(value is None for value in values)
    return {
        "label": label(option_title(name), 22),
        "values": [below if value is None else at(value) for value in values],
        "tickvals": [*([below] if missing else []), *(place for place, _ in ticks)],
        "ticktext": [*([ABSENT] if missing else []), *(words for _, words in ticks)],
        "range": [below, at(high) + MARGIN / 3 * ((at(high) - at(low)) or 1.0)],
    }


def _apart(ticks: Sequence[tuple[float, str]], room: float) -> list[tuple[float, str]]:
    """Those whose words do not run into others': the ends, and of the rest what fits between."""
    kept = list(ticks[:1])
    for place, words in ticks[1:-1]:
        if place - kept[-1][0] >= room and ticks[-1][0] - place >= room:
            kept.append((place, words))
    return kept + list(ticks[1:][-1:])


def _ticks(known: Sequence[float], log: bool) -> Sequence[float]:
    """All numbers where they are few, else places evenly along the axis."""
    if len(known) <= 6:
        return known
    low, high = known[0], known[-1]
    shares = [i / 4 for i in range(5)]
    return [low * (high / low) ** share if log else low + share * (high - low) for share in shares]


@cache
def _component() -> Any:
    place_plotly()
    return st.components.v2.component(
        "tlstudio_parallel",
        html='<div class="parallel-frame"><div class="parallel" role="img"></div></div>\n',
        css=".parallel-frame { width: 100%; overflow-x: auto; } .parallel { width: 100%; min-height: 340px; }\n"
        # A shadow at the side where the chart goes on, which goes as one gets there.
        ".parallel-frame { --page: var(--st-background-color); background:"
        " linear-gradient(90deg, var(--page) 16px, transparent) 0 / 40px 100% no-repeat local,"
        " linear-gradient(-90deg, var(--page) 16px, transparent) 100% / 40px 100% no-repeat local,"
        " linear-gradient(90deg, rgba(128, 128, 128, 0.45), transparent) 0 / 14px 100% no-repeat scroll,"
        " linear-gradient(-90deg, rgba(128, 128, 128, 0.45), transparent) 100% / 14px 100% no-repeat scroll; }\n"
        ".parallel .axis .domain, .parallel .axis line { stroke: var(--st-text-color); stroke-opacity: 0.4; }\n",
        js="\n".join((_HERE / name).read_text(encoding="utf-8") for name in ("plotly.js", "parallel.js")),
        isolate_styles=False,
    )


def varying(values: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names whose values are not all the same, in the order of their first appearance."""
    names = dict.fromkeys(name for one in values for name in one)
    return [name for name in names if len({json.dumps(one.get(name)) for one in values}) > 1]
