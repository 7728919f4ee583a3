"""Figures that stand still. One template: no title (the heading above says it), units on the axes, room for the data.

Traces without a colour take the theme's categorical colours in order, so they follow light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from ui.chart_template import figure as _figure
from ui.words import label, visible

if TYPE_CHECKING:
    import pandas as pd
    from plotly.graph_objects import Figure

__all__ = [
    "MOST_CLASSES",
    "READABLE",
    "clickable",
    "confusion",
    "draw",
    "parameters",
    "rate_range",
    "rates",
    "split_by_class",
    "timeline",
]

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


def parameters(parts: Sequence[tuple[str, int, float | None]]) -> Figure:
    """A bar for each part of the model, from input to output: its parameters, coloured by its rate, gray if frozen."""
    import plotly.graph_objects as go

    figure, rows = _figure(height=64 + 24 * len(parts)), list(range(len(parts)))
    lrs = [lr for _, _, lr in parts if lr is not None]
    low, high = math.log10(min(lrs, default=1e-3)), math.log10(max(lrs, default=1e-3))
    colours = [_GRAY if lr is None else _shade((math.log10(lr) - low) / max(high - low, 1e-9)) for _, _, lr in parts]
    words = [f" {n:,} · {'frozen' if lr is None else f'{lr:.3g}'}" for _, n, lr in parts]
    figure.add_trace(
        go.Bar(
            y=rows,
            x=[count for _, count, _ in parts],
            marker_color=colours,
            text=words,
            textposition="outside",
            cliponaxis=False,
            orientation="h",
            customdata=[label(name, 40) for name, _, _ in parts],
            hovertemplate="%{customdata}: %{text}<extra></extra>",
            showlegend=False,
        )
    )
    most = max((count for _, count, _ in parts), default=1)
    figure.update_layout(bargap=0.3, margin_t=4)
    names = [label(name, 16) for name, _, _ in parts]
    figure.update_yaxes(tickvals=rows, ticktext=names, autorange="reversed", showgrid=False, automargin=True)
    figure.update_xaxes(title="parameters", tickformat="~s", nticks=5, range=[0, 1.7 * most])
    return figure


def _shade(share: float) -> str:
    """From a pale to the full accent; `share` in [0, 1]."""
    return f"rgba(59, 151, 151, {0.35 + 0.65 * min(1.0, max(0.0, share)):.2f})"


def rates(series: Sequence[tuple[str, Sequence[int], Sequence[float | None]]], per_epoch: int) -> Figure:
    """Learning rate of each group over the run; logarithmic where groups differ by ten times or more."""
    import plotly.graph_objects as go

    figure = _figure(height=260 + 18 * (len(series) // 3))
    for i, (name, steps, values) in enumerate(series):
        figure.add_trace(
            go.Scatter(
                x=list(steps),
                y=list(values),
                mode="lines",
                line={"width": 2, **({"color": _TEAL} if len(series) == 1 else {})},
                name=label(name, 34),
                customdata=[step / per_epoch for step in steps],
                hovertemplate=f"{label(name, 34)}, step %{{x:,}} (epoch %{{customdata:.1f}}): %{{y:.3g}}"
                "<extra></extra>",
                showlegend=len(series) > 1,
                legendrank=i,
            )
        )
    tops = [max(filter(None, values), default=0.0) for _, _, values in series]
    wide = bool(tops) and min(tops) > 0 and max(tops) >= 10 * min(tops)
    figure.update_xaxes(title="optimizer step", rangemode="tozero")
    figure.update_yaxes(
        title="learning rate",
        nticks=5,
        **(
            {
                "type": "log",
                "tickformat": ".0e",
                "dtick": 1,
                "range": [math.log10(min(tops)) - 1.2, math.log10(max(tops)) + 0.2],
            }
            if wide
            else {"rangemode": "tozero", "tickformat": "~g"}
        ),
    )
    return figure


def timeline(phases: Sequence[tuple[str, int, int]]) -> Figure:
    """Phases (name, epochs, trainable parameters) one after the other."""
    import plotly.graph_objects as go

    figure, first = _figure(height=116), 1
    most = max((trainable for _, _, trainable in phases), default=1)
    for name, epochs, trainable in phases:
        last = first + epochs - 1
        span = f"epoch {first}" if epochs == 1 else f"epochs {first} to {last}"
        figure.add_trace(
            go.Bar(
                y=[0],
                x=[epochs],
                orientation="h",
                marker_color=_shade(trainable / most),
                marker_line={"width": 1, "color": "rgba(255, 255, 255, 0.7)"},
                text=label(name, 14 if epochs * 4 > sum(n for _, n, _ in phases) else 6),
                textposition="inside",
                insidetextanchor="middle",
                hovertemplate=f"{label(name, 60)}: {span}, {trainable:,} parameters train<extra></extra>",
                showlegend=False,
            )
        )
        first = last + 1
    figure.update_layout(barmode="stack", bargap=0.05, margin_t=4)
    figure.update_yaxes(visible=False)
    figure.update_xaxes(title={"text": "epochs", "standoff": 6}, nticks=8, showgrid=False)
    return figure


def rate_range(points: Sequence[Mapping[str, float]], suggested: float) -> Figure:
    """The loss while the learning rate rises, and the rate that it suggests."""
    import plotly.graph_objects as go

    figure = _figure(height=280)
    rates = [point["lr"] for point in points]
    for name, key, width, opacity in (("Each step", "loss", 1, 0.35), ("Running mean", "smooth", 2.5, 1.0)):
        figure.add_trace(
            go.Scatter(
                x=rates,
                y=[point[key] for point in points],
                mode="lines",
                name=name,
                opacity=opacity,
                line={"width": width, "color": _TEAL},
                hovertemplate="learning rate %{x:.2g}: %{y:.3f}<extra></extra>",
            )
        )
    figure.add_vline(
        x=suggested, line={"width": 1.5, "dash": "dot"}, annotation_text=f"{suggested:.1e}", annotation_position="top"
    )
    start, lowest = points[0]["smooth"], min(point["smooth"] for point in points)
    figure.update_xaxes(title="learning rate of the fastest group", type="log", tickformat=".0e", dtick=1)
    figure.update_yaxes(title="loss (nats)", range=[max(0.0, lowest - 0.1 * start), 1.6 * start])
    return figure


def confusion(
    classes: Sequence[str],
    matrix: Sequence[Sequence[int]],
    *,
    shares: bool,
    columns: Sequence[str] | None = None,
    totals: Sequence[int] | None = None,
) -> Figure:
    """Rows are true classes, columns predicted ones; as counts, or as shares of each row.

    Args:
        classes: Of the rows.
        matrix: Counts.
        shares: Of each row's total instead of counts.
        columns: Classes of the columns, where they are not those of the rows.
        totals: Samples of each row, where columns that are not drawn hold some too.
    """
    import plotly.graph_objects as go

    said, sums = columns or classes, totals or [sum(row) for row in matrix]
    values = [[n / max(1, total) if shares else n for n in row] for row, total in zip(matrix, sums, strict=True)]
    wide = max(len(classes), len(said))
    figure = _figure(height=min(720, max(320, 150 + 40 * len(classes))))
    hover = [
        [
            f"true {label(t, 60)}<br>predicted {label(p, 60)}<br>{matrix[i][j]:,} of {sums[i]:,}"
            for j, p in enumerate(said)
        ]
        for i, t in enumerate(classes)
    ]
    figure.add_trace(
        go.Heatmap(
            z=values,
            x=list(range(len(said))),
            y=list(range(len(classes))),
            colorscale=_TEALS,
            zmin=0,
            zmax=1 if shares else None,
            xgap=2,
            ygap=2,
            customdata=hover,
            hovertemplate="%{customdata}<extra></extra>",
            showscale=wide > READABLE,
            colorbar={"title": "share" if shares else "samples", "thickness": 10},
        )
    )
    if wide <= READABLE:
        _write(figure, values, "{:.0%}" if shares else "{:,}")
    names = _apart(said, 18)
    slanted = len(said) > 12 or max(map(len, names)) > 7
    figure.update_xaxes(
        title="predicted class", tickangle=-45 if slanted else 0, ticklabeloverflow="allow", **_named(names)
    )
    figure.update_yaxes(title="true class", autorange="reversed", **_named(_apart(classes, 18)))
    return figure


def _apart(names: Sequence[str], limit: int) -> list[str]:
    """Labels cut at their ends, or in the middle where two of them would read alike."""
    cut = [label(name, limit) for name in names]
    half = (limit - 1) // 2
    return [
        label(f"{visible(name)[:half]}…{visible(name)[-half:]}", limit) if cut.count(short) > 1 else short
        for name, short in zip(names, cut, strict=True)
    ]


def _named(names: Sequence[str]) -> dict[str, Any]:
    """An axis with a name at each whole number."""
    places = {"tickvals": list(range(len(names))), "ticktext": list(names)}
    return {**places, "showgrid": False, "zeroline": False, "automargin": True}


def clickable(figure: Figure, chosen: tuple[int, int] | None) -> None:
    """Let the cells of a matrix be chosen by a click: points can be, cells of a heat map cannot.

    Args:
        chosen: Column and row of the cell that gets a frame.
    """
    import plotly.graph_objects as go

    heat = figure.data[0]
    cells = [(j, i) for i in range(len(heat.y)) for j in range(len(heat.x))]
    unseen = {"marker": {"opacity": 0}}
    figure.add_trace(
        go.Scatter(
            x=[x for x, _ in cells],
            y=[y for _, y in cells],
            mode="markers",
            marker={"symbol": "square", "size": max(8, min(40, 560 // max(1, len(heat.x)))), "opacity": 0},
            selected=unseen,
            unselected=unseen,
            customdata=[heat.customdata[y][x] for x, y in cells],
            hovertemplate="%{customdata}<extra></extra>",
            showlegend=False,
        )
    )
    figure.update_layout(clickmode="event+select")
    if chosen is not None:
        x, y = chosen
        frame = {"width": 2.5, "color": "#C77D0A"}
        figure.add_shape(type="rect", x0=x - 0.5, x1=x + 0.5, y0=y - 0.5, y1=y + 0.5, line=frame)


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
