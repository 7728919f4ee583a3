"""The template of all figures: no title, for the heading above says it; room for the data; a legend that fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["figure", "layout"]


def layout(height: int) -> dict[str, Any]:
    """Of a figure of so many pixels, as Plotly's JSON has it."""
    return {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 28, "b": 8},
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        "dragmode": False,
        "hoverlabel": {"namelength": -1},
    }


def figure(height: int) -> Figure:
    """An empty figure of so many pixels."""
    import pandas  # noqa: F401  plotly looks it up; another thread may be half-way through importing it
    import plotly.graph_objects as go

    return go.Figure(layout=layout(height))
