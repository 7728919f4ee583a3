"""Histograms of what the checks measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from tlcore.data.checks import Histogram
from ui.chart_template import figure as _figure
from ui.charts import draw
from ui.layout import card
from ui.words import label, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plotly.graph_objects import Figure

__all__ = ["distributions"]

_TEAL = "#3B9797"


def distributions(histograms: Sequence[Histogram]) -> None:
    """One beside the other; the dotted lines are where the checks begin to object."""
    with card("How the samples are", key="distributions-card"):
        for place, one in zip(st.columns(max(1, len(histograms))), histograms, strict=False):
            with place:
                st.markdown(f"**{plain(one.title)}**")
                marks = "".join(f" Line at {value:g}: {words}." for value, words in one.marks)
                draw(_histogram(one), key=f"histogram-{one.name}", alt=f"Histogram: {one.title}, {one.unit}.{marks}")


def _histogram(one: Histogram) -> Figure:
    import plotly.graph_objects as go

    made = _figure(height=230)
    lows, highs = one.edges[:-1], one.edges[1:]
    made.add_trace(
        go.Bar(
            x=[(low + high) / 2 for low, high in zip(lows, highs, strict=True)],
            y=list(one.counts),
            width=[high - low for low, high in zip(lows, highs, strict=True)],
            marker={"color": _TEAL, "line": {"width": 0}},
            customdata=[[f"{low:.4g}", f"{high:.4g}"] for low, high in zip(lows, highs, strict=True)],
            hovertemplate="%{customdata[0]} to %{customdata[1]}: %{y:,} samples<extra></extra>",
            showlegend=False,
        )
    )
    for value, words in one.marks:
        line = {"width": 1.5, "dash": "dot"}
        side = "top right" if value < one.edges[-1] / 2 else "top left"
        made.add_vline(x=value, line=line, annotation_text=label(words), annotation_position=side)
    made.update_layout(bargap=0.05)
    made.update_xaxes(title=one.unit, range=[one.edges[0], one.edges[-1]], nticks=6)
    made.update_yaxes(title="samples", rangemode="tozero", nticks=4)
    return made
