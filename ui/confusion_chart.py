"""The confusion matrix as a chart, its cells named and, where a page asks for that, chosen by a click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from ui.chart_template import figure as figure_of
from ui.words import label, visible

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["READABLE", "clickable", "confusion", "shares_wanted"]

READABLE = 14
"""Classes up to which the figures are written into the cells."""
_TEALS = [(0.0, "rgba(59, 151, 151, 0.06)"), (1.0, "rgba(59, 151, 151, 1)")]


def shares_wanted(key: str, *, label_visibility: Literal["visible", "collapsed"] = "visible") -> bool:
    """Ask whether cells show shares of their true class instead of counts; remembered for the session."""
    options = ["Counts", "Shares of the true class"]
    what = st.radio(
        "Cells show", options, horizontal=True, key=key, persist_state="session", label_visibility=label_visibility
    )
    return what == options[1]


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
    figure = figure_of(height=min(720, max(320, 150 + 40 * len(classes))))
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
