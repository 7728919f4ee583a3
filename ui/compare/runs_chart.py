"""Runs in one figure: their curves, and their scores with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from tlcore.runs import Point, Run
from tlcore.runs.comparison import Comparison
from ui import state
from ui.chart_template import figure as _figure
from ui.charts import draw
from ui.words import label

__all__ = ["AXES", "curves", "intervals"]

Place = Callable[[Point, float], float]
AXES: Mapping[str, tuple[str, str, Place]] = {
    "epoch": ("Epochs", "epoch", lambda point, begun: point.epoch),
    "step": ("Steps", "optimizer step", lambda point, begun: point.step),
    "time": ("Time", "minutes since its first epoch ended", lambda point, begun: (point.time - begun) / 60),
}
"""A title, the axis with its unit, and where an epoch lies; `begun` is when the first one ended."""
SHARES = ("val_accuracy",)
ROW = 46


def curves(chosen: Sequence[Run], metric: str, title: str, axis: str, names: Sequence[str]) -> None:
    """A line for each run, in the same colour as everywhere on this page; a star on its best epoch."""
    import plotly.graph_objects as go

    figure, (_, what, place) = _figure(height=380), AXES[axis]
    held = state.studio().store.epochs([run.id for run in chosen])
    for run, name in zip(chosen, names, strict=True):
        points = [point for point in held.get(run.id, ()) if metric in point.values]
        if not points:
            continue
        begun = points[0].time
        best = [point.epoch == run.best_epoch for point in points]
        figure.add_trace(
            go.Scatter(
                x=[place(point, begun) for point in points],
                y=[point.values[metric] for point in points],
                name=label(name, 40),
                mode="lines+markers",
                marker={
                    "symbol": ["star" if one else "circle" for one in best],
                    "size": [14 if b else 5 for b in best],
                },
            )
        )
    if not figure.data:
        st.info("None of these runs has this curve.", icon=":material/show_chart:")
        return
    figure.update_layout(hovermode="x unified", showlegend=True)
    figure.update_xaxes(title=what)
    figure.update_yaxes(title=title.lower() + ("" if metric in SHARES else " (nats)"))
    if metric in SHARES:
        figure.update_yaxes(tickformat=".0%")
    draw(figure, key="runs-curves", alt=f"{title} of {len(chosen)} runs over {what}; a star marks the best epoch.")


def intervals(found: Comparison, names: Sequence[str]) -> None:
    """Accuracy and macro-F1 of each run on test, with their intervals."""
    import plotly.graph_objects as go

    figure, rows = _figure(height=90 + ROW * len(names)), list(range(len(names)))
    for title, values, bounds, shift in (
        ("Accuracy", [s.accuracy for s in found.scores], [s.accuracy_interval for s in found.scores], -0.12),
        ("Macro-F1", [s.macro_f1 for s in found.scores], [s.macro_f1_interval for s in found.scores], 0.12),
    ):
        figure.add_trace(
            go.Scatter(
                x=values,
                y=[row + shift for row in rows],
                name=title,
                mode="markers+text",
                text=[f"{value:.1%}" for value in values],
                textposition="top center",
                marker={"size": 10},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [one.high - value for one, value in zip(bounds, values, strict=True)],
                    "arrayminus": [value - one.low for one, value in zip(bounds, values, strict=True)],
                },
                hovertemplate=f"{title} %{{x:.1%}}<extra></extra>",
            )
        )
    figure.update_xaxes(title="share of the test samples", tickformat=".0%")
    figure.update_yaxes(tickvals=rows, ticktext=[label(name, 28) for name in names], autorange="reversed")
    said = [f"{label(name, 40)} {score.accuracy:.1%}" for name, score in zip(names, found.scores, strict=True)]
    draw(figure, key="runs-scores", alt=f"Test accuracy: {', '.join(said)}; with 95 % intervals.")
