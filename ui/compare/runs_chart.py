"""Runs in one figure: their curves, and their scores with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from tlcore.evaluation.significance import Interval
from tlcore.runs import Point, Run
from tlcore.runs.comparison import Comparison
from ui import state
from ui.chart_template import layout
from ui.still_plot import still_plot
from ui.train_smoothing import Average
from ui.words import label

__all__ = ["AXES", "bars", "curves", "heat", "intervals", "matrix"]

Place = Callable[[Point, float], float]
AXES: Mapping[str, tuple[str, str, Place]] = {
    "epoch": ("Epochs", "epoch", lambda point, begun: point.epoch),
    "step": ("Steps", "optimizer step", lambda point, begun: point.step),
    "time": ("Time", "minutes since its first epoch ended", lambda point, begun: (point.time - begun) / 60),
}
"""A title, the axis with its unit, and where an epoch lies; `begun` is when the first one ended."""
SHARES = ("val_accuracy",)
TEALS = [(0.0, "rgba(59, 151, 151, 0.04)"), (1.0, "rgba(59, 151, 151, 0.6)")]
"""Pale enough for the theme's own text, light or dark."""
ROW = 60
FEW_TICKS = 10
"""Epochs or steps up to which each has its own tick, and none has a fraction."""
DIGITS = 9
"""Decimals of an average: sums of equal values differ in the last ones, and the axis would show that."""


def curves(
    chosen: Sequence[Run], metric: str, title: str, axis: str, names: Sequence[str], smoothing: float = 0.0
) -> None:
    """A line for each run, in the colour that it has against cost too, smooth or not; a star on its best epoch.

    Smoothed lines lie over the epochs, which then are dots.
    """
    held, (_, what, place) = state.studio().store.epochs([run.id for run in chosen]), AXES[axis]
    data: list[dict[str, Any]] = []
    for number, (run, name) in enumerate(zip(chosen, names, strict=True)):
        points = [point for point in held.get(run.id, ()) if metric in point.values]
        if points:
            x = [place(point, points[0].time) for point in points]
            y = [point.values[metric] for point in points]
            best = [point.epoch == run.best_epoch for point in points]
            data += _curve(x, y, best, smoothing, {"name": label(name, 40), "meta": {"place": number}})
    if not data:
        st.info("None of these runs has this curve.", icon=":material/show_chart:")
        return
    share = metric in SHARES
    y_axis = {"title": {"text": title.lower() + ("" if share else " (nats)")}, "tickformat": ".1~%" if share else ""}
    shown = layout(380) | {"hovermode": "x unified", "showlegend": True}
    farthest = max(max(trace["x"]) for trace in data)
    whole = {"dtick": 1} if axis != "time" and farthest <= FEW_TICKS else {}
    alt = f"{title} of {len(chosen)} runs over {what}; a star marks the best epoch."
    still_plot(data, shown | {"xaxis": {"title": {"text": what}} | whole, "yaxis": y_axis}, key="runs-curves", alt=alt)


def _curve(
    x: Sequence[float], y: Sequence[float], best: Sequence[bool], smoothing: float, common: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The epochs, and with smoothing their average."""
    marker = {"symbol": ["star" if one else "circle" for one in best], "size": [14 if one else 5 for one in best]}
    epochs = {"type": "scatter", "x": x, "y": y, "marker": marker, **common}
    if not smoothing:
        return [epochs | {"mode": "lines+markers"}]
    average = Average(share=smoothing)
    average.extend(y)
    smooth = [round(value, DIGITS) for value in average.values]
    line = {"type": "scatter", "x": x, "y": smooth, "mode": "lines", **common}
    return [epochs | {"mode": "markers", "opacity": 0.5, "showlegend": False}, line]


def intervals(found: Comparison, names: Sequence[str]) -> None:
    """Accuracy and macro-F1 of each run on test, with their intervals."""
    rows, scores = list(range(len(names))), found.scores
    data = [
        {
            "type": "scatter",
            "x": values,
            "y": [row + shift for row in rows],
            "name": title,
            "mode": "markers+text",
            "text": [f"{value:.1%}" for value in values],
            "textposition": f"{where} center",
            "marker": {"size": 10},
            "error_x": bars(values, bounds),
            "hovertemplate": f"{title} %{{x:.1%}}<extra></extra>",
        }
        for title, values, bounds, shift, where in (
            ("Accuracy", [s.accuracy for s in scores], [s.accuracy_interval for s in scores], -0.1, "top"),
            ("Macro-F1", [s.macro_f1 for s in scores], [s.macro_f1_interval for s in scores], 0.1, "bottom"),
        )
    ]
    axes = {
        "xaxis": {"title": {"text": "share of the test samples"}, "tickformat": ".0%"},
        "yaxis": {"tickvals": rows, "ticktext": [label(name, 28) for name in names], "range": [len(rows) - 0.4, -0.6]},
    }
    said = [f"{label(name, 40)} {score.accuracy:.1%}" for name, score in zip(names, found.scores, strict=True)]
    alt = f"Test accuracy: {', '.join(said)}; with 95 % intervals."
    still_plot(data, layout(90 + ROW * len(names)) | axes, key="runs-scores", alt=alt)


def bars(values: Sequence[float], bounds: Sequence[Interval]) -> dict[str, Any]:
    """Error bars from a value to both ends of its interval."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [one.high - value for one, value in zip(bounds, values, strict=True)],
        "arrayminus": [value - one.low for one, value in zip(bounds, values, strict=True)],
    }


def matrix(found: Comparison, names: Sequence[str]) -> None:
    """Which of two runs a test has shown to be different: adjusted p-values, and the difference in accuracy."""
    place, accuracy = {run: i for i, run in enumerate(found.runs)}, [score.accuracy for score in found.scores]
    n = len(place)
    shade: list[list[float | None]] = [[None] * n for _ in range(n)]
    text = [["" for _ in range(n)] for _ in range(n)]
    for pair in found.pairs:
        for i, j in ((place[pair.a], place[pair.b]), (place[pair.b], place[pair.a])):
            shade[i][j] = 1.0 if pair.shown else 0.1
            text[i][j] = f"{100 * (accuracy[i] - accuracy[j]):+.1f} points<br>p = {pair.adjusted:.2g}"
    shown = sum(pair.shown for pair in found.pairs)
    heat(
        shade,
        text,
        names,
        names,
        key="runs-matrix",
        alt=f"Of {len(found.pairs)} pairs of runs the test shows a difference in {shown}; the words below name them.",
    )
    st.caption("Accuracy of the row's run less that of the column's. Full colour: the difference is shown.")


def heat(
    shade: Sequence[Sequence[float | None]],
    text: Sequence[Sequence[str]],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    key: str,
    alt: str,
) -> None:
    """Cells with words in them, coloured by a share in [0, 1]; None is left bare."""
    across, down = list(range(len(columns))), list(range(len(rows)))
    cells = {"type": "heatmap", "x": across, "y": down, "z": shade, "text": text, "zmin": 0, "zmax": 1}
    cells |= {"colorscale": TEALS, "showscale": False, "xgap": 2, "ygap": 2, "hoverinfo": "text"}
    written = [(i, j, words) for j, row in enumerate(text) for i, words in enumerate(row)]
    words = {
        "type": "scatter",
        "x": [i for i, _, _ in written],
        "y": [j for _, j, _ in written],
        "text": [words for _, _, words in written],
        "mode": "text",
        "hoverinfo": "skip",
        "showlegend": False,
    }
    x_axis = {"tickvals": across, "ticktext": [label(name, 22) for name in columns], "side": "top", "zeroline": False}
    y_axis = {"tickvals": down, "ticktext": [label(name, 22) for name in rows], "autorange": "reversed"}
    shown = layout(110 + 40 * len(rows))
    shown |= {"margin": shown["margin"] | {"t": 40}, "xaxis": x_axis, "yaxis": y_axis | {"showgrid": False}}
    still_plot([cells, words], shown, key=key, alt=alt)
