"""Scores against what backbones cost, with the front of those that nothing beats in both."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from tlcore.runs.ranking import Score, Standing
from ui import state
from ui.chart_template import figure as _figure
from ui.charts import draw
from ui.words import label, plain
from ui.zoo_charts import LOG_FROM, LOG_TO, front

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["COSTS", "SCORES", "chart", "scatter"]

Axis = tuple[str, str, Callable[[Score], float | None]]
SCORES: Mapping[str, Axis] = {
    "linear": ("Linear probe", "linear probe, val accuracy (%)", lambda score: 100 * score.linear),
    "knn": ("k-NN", "k-NN, val accuracy (%)", lambda score: 100 * score.knn),
    "logme": ("LogME", "LogME", lambda score: score.log_me),
    "hscore": ("H-score", "H-score", lambda score: score.h_score),
}
COSTS: Mapping[str, Axis] = {
    "latency": (
        "Latency",
        "ms for one sample, measured here",
        lambda score: None if score.latency is None else 1000 * score.latency,
    ),
    "params": ("Parameters", "million parameters", lambda score: score.n_params / 1e6),
    "gflops": ("GFLOPs", "GFLOPs a sample", lambda score: score.gflops),
    "seconds": ("Seconds", "seconds that scoring took", lambda score: score.seconds),
}
"""What can be set against what: a title, the axis with its unit, and the value."""
NAMED = 12
"""Points whose names still find room; beyond, those of the front have theirs."""
GRAY = "rgba(128, 140, 155, 0.9)"
TEAL = "#3B9797"
Dot = tuple[str, float, float, Score]


def chart(scored: Sequence[Standing]) -> None:
    """The choice of axes, the figure, and the front in words."""
    with st.container(horizontal=True, key="rank-axes"):
        score = state.segment("score", list(SCORES), lambda key: SCORES[key][0], label="Score")
        cost = state.segment("cost", list(COSTS), lambda key: COSTS[key][0], label="Against")
    titles = {one.record.name: one.record.title for one in scored}
    dots = [dot for one in scored if one.score and (dot := _dot(one.score, titles, score, cost))]
    if not dots:
        st.info("None of these has a figure for this cost. Choose another.", icon=":material/info:")
        return
    alt = f"{SCORES[score][0]} of {len(dots)} backbones against {COSTS[cost][1]}; the table has all figures."
    draw(scatter(dots, score, cost), key="rank-chart", alt=alt)
    if words := _words(dots, len(scored), cost):
        st.caption(words)


def _dot(score: Score, titles: Mapping[str, str], on: str, against: str) -> Dot | None:
    x, y = COSTS[against][2](score), SCORES[on][2](score)
    return None if x is None or y is None else (titles[score.backbone], x, y, score)


def scatter(dots: Sequence[Dot], score: str, cost: str) -> Figure:
    """Points (title, cost, score), hollow where the features were stored and the time says little."""
    import plotly.graph_objects as go

    best = front([(x, y) for _, x, y, _ in dots])
    figure = _figure(height=420)
    figure.add_trace(
        go.Scatter(
            x=[dots[i][1] for i in best],
            y=[dots[i][2] for i in best],
            mode="lines",
            name="Pareto front",
            line={"shape": "hv", "width": 1.5, "dash": "dot", "color": GRAY},
            hoverinfo="skip",
            showlegend=len(best) > 1,
        )
    )
    hollow = [cost == "seconds" and dot[3].stored for dot in dots]
    figure.add_trace(
        go.Scatter(
            x=[x for _, x, _, _ in dots],
            y=[y for _, _, y, _ in dots],
            error_y=_bars(dots) if score == "linear" else None,
            mode="markers+text",
            text=[label(dot[0], 20) if len(dots) <= NAMED or i in best else "" for i, dot in enumerate(dots)],
            textposition=_sides([x for _, x, _, _ in dots]),
            name="Backbones",
            marker={"size": 10, "color": TEAL, "symbol": ["circle-open" if open_ else "circle" for open_ in hollow]},
            customdata=[[label(dot[0], 40), f"{100 * dot[3].low:.1f} to {100 * dot[3].high:.1f} %"] for dot in dots],
            hovertemplate="<b>%{customdata[0]}</b><br>%{y:.3~g}"
            + (" % (%{customdata[1]})" if score == "linear" else " %" if score == "knn" else "")
            + f"<br>%{{x:.3~g}} {COSTS[cost][1]}<extra></extra>",
            cliponaxis=False,
            showlegend=False,
        )
    )
    figure.update_xaxes(title=COSTS[cost][1], **_scale([x for _, x, _, _ in dots]))
    figure.update_yaxes(title=SCORES[score][1], nticks=8)
    return figure


def _sides(values: Sequence[float]) -> list[str]:
    """Where names stand: below the front's line, and inwards of the edges."""
    middle = math.sqrt(max(min(values), 1e-9) * max(values)) if _wide(values) else (min(values) + max(values)) / 2
    return ["bottom right" if value <= middle else "bottom left" for value in values]


def _wide(values: Sequence[float]) -> bool:
    """Costs differ so much that their axis is logarithmic."""
    return 0 < LOG_FROM * min(values) <= max(values)


def _bars(dots: Sequence[Dot]) -> dict[str, Any]:
    """The 95 % intervals."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [100 * (dot[3].high - dot[3].linear) for dot in dots],
        "arrayminus": [100 * (dot[3].linear - dot[3].low) for dot in dots],
        "thickness": 1.2,
        "width": 4,
        "color": GRAY,
    }


def _scale(values: Sequence[float]) -> dict[str, Any]:
    """An axis with some room on either side, logarithmic where costs differ greatly."""
    low, high = min(values), max(values)
    if _wide(values):
        return {"type": "log", "tickformat": "~g", "dtick": 1 if high > LOG_TO * low else "D2"}
    room = 0.12 * (high - low) or 0.5 * high
    return {"nticks": 6, "range": [max(0.0, low - room), high + room]}


def _words(dots: Sequence[Dot], n: int, cost: str) -> str:
    best = front([(x, y) for _, x, y, _ in dots])
    names = ", ".join(plain(dots[i][0]) for i in best)
    words = f"On the front, so that no other is both cheaper and better: {names}." if len(dots) > 1 else ""
    if len(dots) < n:
        words += f" {n - len(dots)} without a figure for this cost: in the table only."
    if cost == "seconds" and any(dot[3].stored for dot in dots):
        words += " Hollow: its features were stored, so it took less than it would have."
    return words.strip()
