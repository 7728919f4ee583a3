"""Figures that stand still. One template: no title (the heading above says it), units on the axes, room for the data.

Traces without a colour take the theme's categorical colours in order, so they follow light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from ui.chart_template import figure as _figure
from ui.words import label

if TYPE_CHECKING:
    import pandas as pd
    from plotly.graph_objects import Figure

__all__ = [
    "MOST_CLASSES",
    "draw",
    "parameters",
    "rate_range",
    "rates",
    "split_by_class",
    "timeline",
]

MOST_CLASSES = 24
"""Bars that are still read at a glance."""
_GRAY = "rgba(128, 140, 155, 0.45)"
_TEAL = "#3B9797"


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
