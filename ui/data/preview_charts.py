"""How an image's values are spread, before and after normalisation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from tlcore.data.transforms import ImagePreprocessing
from ui import charts
from ui.chart_template import figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["spread"]

CHANNELS = (("Red", "#D1495B"), ("Green", "#4C9F70"), ("Blue", "#4A8FD0"))


def spread(evaluation: Mapping[str, Any], training: Mapping[str, Any], how: ImagePreprocessing) -> None:
    """Of the evaluation transform as areas, of the first varied image as dotted lines; the figures below."""
    left, right = st.columns(2)
    for place, when, title in ((left, "before", "value, 0 to 255"), (right, "after", "value that the network reads")):
        with place:
            said = "Before normalisation" if when == "before" else "After normalisation"
            st.markdown(f"**{said}**")
            drawn = histogram(evaluation[when], training[when], title)
            charts.draw(drawn, key=f"spread-{when}", alt=f"{said}: share of pixels by value, for red, green and blue.")
    st.caption(
        "Filled: evaluation. Dotted: training. Over all of the pretraining images, normalised values have a mean of 0 "
        "and a standard deviation of 1; a single image has its own."
    )
    rows = [
        {
            "channel": name,
            "subtract": f"{how.mean[i]:.3f}",
            "divide by": f"{how.std[i]:.3f}",
            "mean": f"{evaluation['after']['mean'][i]:+.2f}",
            "std": f"{evaluation['after']['std'][i]:.2f}",
            "mean, training": f"{training['after']['mean'][i]:+.2f}",
            "std, training": f"{training['after']['std'][i]:.2f}",
        }
        for i, (name, _) in enumerate(CHANNELS)
    ]
    st.dataframe(rows, hide_index=True, key="spread-figures", alt="Mean and standard deviation after normalisation")


def histogram(evaluation: Mapping[str, Any], training: Mapping[str, Any], title: str) -> Figure:
    """Shares of pixels (3, bins) by value."""
    import plotly.graph_objects as go

    made = figure(height=230)
    for i, (name, colour) in enumerate(CHANNELS):
        for told, filled in ((evaluation, True), (training, False)):
            shares, width = told["shares"][i], (told["high"] - told["low"]) / len(told["shares"][i])
            made.add_trace(
                go.Scatter(
                    x=[told["low"] + (j + 0.5) * width for j in range(len(shares))],
                    y=shares,
                    mode="lines",
                    line={"color": colour, "width": 1.5, "shape": "hvh", "dash": None if filled else "dot"},
                    fill="tozeroy" if filled else None,
                    opacity=0.9 if filled else 0.8,
                    name=name,
                    showlegend=filled,
                    hovertemplate=f"{name}, {'evaluation' if filled else 'training'}: %{{y:.1%}} near %{{x:.3g}}"
                    "<extra></extra>",
                )
            )
    made.update_xaxes(title=title)
    made.update_yaxes(title="share of pixels", tickformat=".0%", rangemode="tozero", nticks=4)
    return made
