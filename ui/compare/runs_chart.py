"""Runs in one figure: their curves, and their scores with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from tlcore.runs import Point, Run
from tlcore.runs.comparison import Comparison
from ui import state
from ui.chart_template import figure as _figure
from ui.charts import draw
from ui.train_smoothing import Average
from ui.words import label

__all__ = ["AXES", "curves", "heat", "intervals", "matrix"]

Place = Callable[[Point, float], float]
AXES: Mapping[str, tuple[str, str, Place]] = {
    "epoch": ("Epochs", "epoch", lambda point, begun: point.epoch),
    "step": ("Steps", "optimizer step", lambda point, begun: point.step),
    "time": ("Time", "minutes since its first epoch ended", lambda point, begun: (point.time - begun) / 60),
}
"""A title, the axis with its unit, and where an epoch lies; `begun` is when the first one ended."""
SHARES = ("val_accuracy",)
COLOURS = ("#4A8FD0", "#3B9797", "#C77D0A", "#7B5EA7", "#5F8A2F", "#B0587F", "#8C6D4F", "#6B7C8D")
"""Legible on light and on dark, for lines that belong to dots: one after another, the theme's would alternate."""
TEALS = [(0.0, "rgba(59, 151, 151, 0.04)"), (1.0, "rgba(59, 151, 151, 0.6)")]
"""Pale enough for the theme's own text, light or dark."""
ROW = 46


def curves(
    chosen: Sequence[Run], metric: str, title: str, axis: str, names: Sequence[str], smoothing: float = 0.0
) -> None:
    """A line for each run, in the same colour as everywhere on this page; a star on its best epoch.

    Smoothed lines lie over the epochs, which then are dots.
    """
    import plotly.graph_objects as go

    figure, (_, what, place) = _figure(height=380), AXES[axis]
    held = state.studio().store.epochs([run.id for run in chosen])
    for run, name in zip(chosen, names, strict=True):
        points = [point for point in held.get(run.id, ()) if metric in point.values]
        if not points:
            continue
        begun = points[0].time
        best = [point.epoch == run.best_epoch for point in points]
        colour = COLOURS[len(figure.data) // 2 % len(COLOURS)] if smoothing else None
        figure.add_trace(
            go.Scatter(
                x=[place(point, begun) for point in points],
                y=[point.values[metric] for point in points],
                name=label(name, 40),
                mode="markers" if smoothing else "lines+markers",
                showlegend=not smoothing,
                opacity=0.5 if smoothing else 1,
                marker={
                    "symbol": ["star" if one else "circle" for one in best],
                    "size": [14 if b else 5 for b in best],
                    "color": colour,
                },
            )
        )
        if smoothing:
            average = Average(share=smoothing)
            average.extend(point.values[metric] for point in points)
            smooth = go.Scatter(
                x=[place(point, begun) for point in points],
                y=list(average.values),
                name=label(name, 40),
                mode="lines",
                line={"color": colour},
            )
            figure.add_trace(smooth)
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
    import plotly.graph_objects as go

    figure, across, down = _figure(height=110 + 40 * len(rows)), list(range(len(columns))), list(range(len(rows)))
    figure.add_trace(
        go.Heatmap(
            x=across,
            y=down,
            z=shade,
            text=text,
            zmin=0,
            zmax=1,
            colorscale=TEALS,
            showscale=False,
            xgap=2,
            ygap=2,
            hoverinfo="text",
        )
    )
    written = [(i, j, words) for j, row in enumerate(text) for i, words in enumerate(row)]
    figure.add_trace(
        go.Scatter(
            x=[i for i, _, _ in written],
            y=[j for _, j, _ in written],
            text=[words for _, _, words in written],
            mode="text",
            hoverinfo="skip",
            showlegend=False,
        )
    )
    figure.update_xaxes(
        tickvals=across, ticktext=[label(name, 22) for name in columns], side="top", showgrid=False, zeroline=False
    )
    figure.update_yaxes(
        tickvals=down, ticktext=[label(name, 22) for name in rows], autorange="reversed", showgrid=False
    )
    figure.update_layout(margin={"t": 40})
    draw(figure, key=key, alt=alt)
