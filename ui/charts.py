"""Figures that stand still. One template: no title (the heading above says it), units on the axes, room for the data.

Traces without a colour take the theme's categorical colours in order, so they follow light and dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from ui.words import label

if TYPE_CHECKING:
    import pandas as pd
    from plotly.graph_objects import Figure

__all__ = ["MOST_CLASSES", "confusion", "draw", "parameters", "schedule", "split_by_class"]

MOST_CLASSES = 24
"""Bars that are still read at a glance."""
READABLE = 14
"""Classes up to which a confusion matrix has its figures written in."""
_GRAY = "rgba(128, 140, 155, 0.45)"
_TEAL = "#3B9797"
_TEALS = [(0.0, "rgba(59, 151, 151, 0.06)"), (1.0, "rgba(59, 151, 151, 1)")]


def draw(figure: Figure, *, key: str, alt: str) -> None:
    """Show a figure; `alt` is what a screen reader says."""
    config = {"displaylogo": False, "displayModeBar": False, "scrollZoom": False}
    st.plotly_chart(figure, key=key, config=config, alt=alt)


def split_by_class(counts: pd.DataFrame) -> Figure:
    """Samples of each class, stacked by split; the largest classes if there are many."""
    import plotly.graph_objects as go

    shown = counts.nlargest(MOST_CLASSES, "total") if len(counts) > MOST_CLASSES else counts
    rows = list(range(len(shown)))
    figure = _figure(height=max(290, 70 + min(28, 460 // max(1, len(rows)) + 4) * len(rows)))
    for split, title, colour in (("train", "Train", None), ("val", "Validation", None), ("test", "Test", _GRAY)):
        figure.add_trace(
            go.Bar(
                y=rows,
                x=shown[split].tolist(),
                name=title,
                orientation="h",
                marker_color=colour,
                customdata=[label(name, 80) for name in shown.index],
                hovertemplate="%{customdata}: %{x:,} " + title.lower() + "<extra></extra>",
            )
        )
    totals = shown["total"].tolist()
    figure.add_trace(
        go.Scatter(
            y=rows,
            x=totals,
            text=[f" {n:,}" for n in totals],
            mode="text",
            textposition="middle right",
            hoverinfo="skip",
            showlegend=False,
            cliponaxis=False,
        )
    )
    names = [label(name, 22) for name in shown.index]
    figure.update_layout(barmode="stack", bargap=0.25, legend_traceorder="normal")
    figure.update_yaxes(tickvals=rows, ticktext=names, autorange="reversed", showgrid=False, automargin=True)
    figure.update_xaxes(title="samples", range=[0, max(totals, default=1) * 1.1], rangemode="tozero")
    return figure


def parameters(frozen: int, trainable: int) -> Figure:
    """A bar for each part of the model: what stays as it is, what trains."""
    import plotly.graph_objects as go

    parts = (("Head, trains", trainable, _TEAL), ("Backbone, frozen", frozen, _GRAY))
    figure = _figure(height=150)
    figure.add_trace(
        go.Bar(
            y=[name for name, _, _ in parts],
            x=[count for _, count, _ in parts],
            marker_color=[colour for _, _, colour in parts],
            text=[f" {count:,}" for _, count, _ in parts],
            textposition="outside",
            cliponaxis=False,
            orientation="h",
            hovertemplate="%{y}: %{x:,}<extra></extra>",
        )
    )
    figure.update_layout(bargap=0.35, margin_t=4)
    figure.update_yaxes(showgrid=False, automargin=True)
    figure.update_xaxes(title="parameters", tickformat="~s", nticks=5, range=[0, 1.3 * max(frozen, trainable)])
    return figure


def schedule(steps: Sequence[int], rates: Sequence[float], per_epoch: int) -> Figure:
    """The head's learning rate over the run."""
    import plotly.graph_objects as go

    figure = _figure(height=230)
    figure.add_trace(
        go.Scatter(
            x=list(steps),
            y=list(rates),
            mode="lines",
            line={"width": 2, "color": _TEAL},
            name="Head",
            customdata=[step / per_epoch for step in steps],
            hovertemplate="step %{x:,} (epoch %{customdata:.1f}): %{y:.3g}<extra></extra>",
            showlegend=False,
        )
    )
    figure.update_xaxes(title="optimizer step", rangemode="tozero")
    figure.update_yaxes(title="learning rate", rangemode="tozero", tickformat="~g", nticks=5)
    return figure


def confusion(classes: Sequence[str], matrix: Sequence[Sequence[int]], *, shares: bool) -> Figure:
    """Rows are true classes, columns predicted ones; as counts, or as shares of each row."""
    import plotly.graph_objects as go

    totals = [max(1, sum(row)) for row in matrix]
    values = [[n / total if shares else n for n in row] for row, total in zip(matrix, totals, strict=True)]
    n, places = len(classes), list(range(len(classes)))
    names = [label(name, 18) for name in classes]
    figure = _figure(height=min(720, max(320, 150 + 40 * n)))
    hover = [
        [
            f"true {label(t, 60)}<br>predicted {label(p, 60)}<br>{matrix[i][j]:,} of {sum(matrix[i]):,}"
            for j, p in enumerate(classes)
        ]
        for i, t in enumerate(classes)
    ]
    figure.add_trace(
        go.Heatmap(
            z=values,
            x=places,
            y=places,
            colorscale=_TEALS,
            zmin=0,
            zmax=1 if shares else None,
            xgap=2,
            ygap=2,
            customdata=hover,
            hovertemplate="%{customdata}<extra></extra>",
            showscale=n > READABLE,
            colorbar={"title": "share" if shares else "samples", "thickness": 10},
        )
    )
    if n <= READABLE:
        _write(figure, values, "{:.0%}" if shares else "{:,}")
    slanted = n > 12 or max(map(len, names)) > 7
    axis = {"tickvals": places, "ticktext": names, "showgrid": False, "zeroline": False, "automargin": True}
    figure.update_xaxes(title="predicted class", tickangle=-45 if slanted else 0, ticklabeloverflow="allow", **axis)
    figure.update_yaxes(title="true class", autorange="reversed", **axis)
    return figure


def _write(figure: Figure, values: Sequence[Sequence[float]], form: str) -> None:
    """The figures in the cells: white on dark ones, the theme's own colour on pale ones, none for zero."""
    import plotly.graph_objects as go

    top = max(max(row) for row in values) or 1
    for dark in (True, False):
        cells = [(j, i, v) for i, row in enumerate(values) for j, v in enumerate(row) if v and (v > top / 2) == dark]
        figure.add_trace(
            go.Scatter(
                x=[c[0] for c in cells],
                y=[c[1] for c in cells],
                text=[form.format(c[2]) for c in cells],
                mode="text",
                hoverinfo="skip",
                showlegend=False,
                textfont={"color": "white"} if dark else None,
            )
        )


def _figure(height: int) -> Figure:
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom", "title": None},
        dragmode=False,
        hoverlabel={"namelength": -1},
    )
    return figure
