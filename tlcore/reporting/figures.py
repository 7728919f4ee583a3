"""A report's charts as plain values, as Plotly's script reads them. Colours come in the browser, light or dark.

What users named is escaped with `label`, since Plotly reads a little HTML in every text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from tlcore.reporting.contents import Contents
from tlcore.runs.records import Point

__all__ = ["Figure", "figures", "label"]

Figure = dict[str, Any]
CURVES = {
    "val_accuracy": "val accuracy",
    "val_loss": "val loss (nats)",
    "train_loss": "train loss (nats)",
}
SHARES = frozenset({"val_accuracy"})
TEALS = [[0.0, "rgba(59, 151, 151, 0.06)"], [1.0, "rgba(59, 151, 151, 0.6)"]]
"""Pale enough for the counts, in a light page's text or a dark one's."""
WRITTEN = 14
"""Classes up to which a matrix has its counts written in."""


def label(text: object, limit: int = 32) -> str:
    """Text for a chart, cut to `limit` characters, in which nothing is HTML."""
    line = " ".join(str(text).split())
    return escape(line if len(line) <= limit else f"{line[: limit - 1]}…", quote=False)


def figures(contents: Contents) -> dict[str, Figure]:
    """By the id of their place in the page; those with nothing to show are left out."""
    made = {f"curve-{metric}": _curve(contents, metric) for metric in CURVES if _has(contents, metric)}
    if contents.found:
        made["scores"] = _scores(contents)
    for place, run in enumerate(contents.runs):
        if run.report:
            made[f"confusion-{place}"] = _confusion(run.report["classes"], run.report["confusion"])
    return made


def _has(contents: Contents, metric: str) -> bool:
    return any(metric in point.values for points in contents.epochs.values() for point in points)


def _curve(contents: Contents, metric: str) -> Figure:
    """A line for each run, also for one without the metric, so that all charts give a run one colour."""
    traces = []
    for run, name in zip(contents.runs, contents.names, strict=True):
        points = [point for point in contents.epochs.get(run.id, ()) if metric in point.values]
        best = [point.epoch == run.best_epoch for point in points]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": label(name),
                "x": [point.epoch for point in points],
                "y": [_value(point, metric) for point in points],
                "marker": {"symbol": ["star" if b else "circle" for b in best], "size": [13 if b else 5 for b in best]},
            }
        )
    axis = {"title": {"text": CURVES[metric]}, **({"tickformat": ".0%"} if metric in SHARES else {})}
    legend = {"showlegend": len(traces) > 1, "hovermode": "x unified"}
    return _figure(traces, 340, xaxis={"title": {"text": "epoch"}}, yaxis=axis, **legend)


def _value(point: Point, metric: str) -> float | None:
    value = point.values[metric]
    return value if math.isfinite(value) else None


def _scores(contents: Contents) -> Figure:
    assert contents.found is not None
    scores = contents.found.scores
    rows = list(range(len(scores)))
    parts = [
        ("Accuracy", [s.accuracy for s in scores], [s.accuracy_interval for s in scores], -0.12),
        ("Macro-F1", [s.macro_f1 for s in scores], [s.macro_f1_interval for s in scores], 0.12),
    ]
    traces = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": title,
            "x": values,
            "y": [row + shift for row in rows],
            "marker": {"size": 10},
            "error_x": {
                "type": "data",
                "symmetric": False,
                "array": [one.high - value for one, value in zip(bounds, values, strict=True)],
                "arrayminus": [value - one.low for one, value in zip(bounds, values, strict=True)],
            },
            "hovertemplate": f"{title} %{{x:.1%}}<extra></extra>",
        }
        for title, values, bounds, shift in parts
    ]
    names = [label(contents.named(score.run)) for score in scores]
    across = {"title": {"text": "share of the test samples"}, "tickformat": ".0%"}
    down = {"tickvals": rows, "ticktext": names, "autorange": "reversed", "automargin": True}
    return _figure(traces, 110 + 44 * len(rows), xaxis=across, yaxis=down)


def _confusion(classes: Sequence[str], counts: Sequence[Sequence[int]]) -> Figure:
    """Cells are coloured by the share of the true class, and say counts."""
    shares = [[n / max(1, sum(row)) for n in row] for row in counts]
    places, names = list(range(len(classes))), [label(name, 20) for name in classes]
    trace: dict[str, Any] = {
        "type": "heatmap",
        "x": places,
        "y": places,
        "z": shares,
        "zmin": 0,
        "zmax": 1,
        "colorscale": TEALS,
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "customdata": [
            [[n, true, said] for n, said in zip(row, names, strict=True)]
            for row, true in zip(counts, names, strict=True)
        ],
        "hovertemplate": "%{customdata[1]} taken for %{customdata[2]}: %{customdata[0]} (%{z:.1%})<extra></extra>",
    }
    if len(classes) <= WRITTEN:
        trace |= {"text": [list(row) for row in counts], "texttemplate": "%{text}"}
    axis = {"tickvals": places, "ticktext": names, "automargin": True, "showgrid": False, "zeroline": False}
    across = axis | {"title": {"text": "answered"}}
    down = axis | {"title": {"text": "true class"}, "autorange": "reversed"}
    return _figure([trace], min(760, 190 + 26 * len(classes)), xaxis=across, yaxis=down)


def _figure(traces: list[dict[str, Any]], height: int, **layout: Any) -> Figure:
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
    margin = {"l": 56, "r": 16, "t": 30, "b": 48}
    return {"data": traces, "layout": {"height": height, "margin": margin, "legend": legend, **layout}}
