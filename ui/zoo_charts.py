"""Figures of the Models page: accuracy against cost, what a network is made of, its speed here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ui.chart_template import figure as _figure
from ui.words import label

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["Dot", "front", "modules", "scatter", "text_sizes", "throughput"]

COLOURS = 10
"""In the theme; families beyond that take the next symbol."""
SYMBOLS = ("circle", "diamond", "square", "triangle-up")
LOG_FROM, LOG_TO = 20, 100
"""How many times the smallest value the largest is, from which an axis is logarithmic, and up to which it has ticks
within the powers of ten."""
GRAY = "rgba(128, 140, 155, 0.9)"
CRIMSON = "#D6405C"
ORANGE, TEAL, NAVY = "#A8660A", "#2B8181", "#16476A"
"""White reads well on each, so that they do in either theme."""
MOST_BOXES = 90
"""Seen at once; a click on one shows what is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A model in the scatter."""

    name: str
    title: str
    family: str
    x: float
    accuracy: float
    """ImageNet top-1, in percent."""
    here: bool
    """Drawn full; hollow where its weights are yet to come."""


def scatter(dots: Sequence[Dot], families: Sequence[str], axis: str, chosen: str | None) -> Figure:
    """Accuracy against what `axis` says. A family's colour and symbol come from its place in `families`."""
    import plotly.graph_objects as go

    figure = _figure(height=470)
    for place, family in enumerate(families):  # one trace each, also without dots, so that colours stay
        own = [dot for dot in dots if dot.family == family]
        symbol = SYMBOLS[place // COLOURS % len(SYMBOLS)]
        figure.add_trace(
            go.Scatter(
                x=[dot.x for dot in own],
                y=[dot.accuracy for dot in own],
                mode="markers",
                name=label(family, 24),
                marker={
                    "size": 10,
                    "symbol": [symbol if dot.here else f"{symbol}-open" for dot in own],
                    "line": {"width": 1.5},
                },
                customdata=[[dot.name, label(dot.title, 40), "here" if dot.here else "not here yet"] for dot in own],
                hovertemplate=f"<b>%{{customdata[1]}}</b><br>top-1 %{{y:.1f}} %, %{{x:.3~g}} {axis}"
                "<br>weights %{customdata[2]}<extra></extra>",
                selected={"marker": {"opacity": 1}},
                unselected={"marker": {"opacity": 1}},
                showlegend=bool(own),
            )
        )
    values = [dot.x for dot in dots]
    times = max(values) / min(values)
    wide = times >= LOG_FROM
    _front(figure, dots)
    _ring(figure, [dot for dot in dots if dot.name == chosen], wide)
    figure.update_xaxes(title=axis, **_scale(times))
    figure.update_yaxes(title="ImageNet top-1 (%)", nticks=8)
    if times == 1:  # around one cost alone, axes would show less than a thousandth of it
        figure.update_xaxes(range=[0, 2 * values[0]])
        figure.update_yaxes(range=[min(dot.accuracy for dot in dots) - 5, max(dot.accuracy for dot in dots) + 5])
    figure.update_layout(
        clickmode="event+select",
        margin={"t": 8},
        legend={"y": -0.2, "yanchor": "top", "font": {"size": 11}, "itemsizing": "constant", "tracegroupgap": 0},
    )
    return figure


def _scale(times: float) -> dict[str, Any]:
    """Ticks of an axis whose largest value is so many times the smallest."""
    if times < LOG_FROM:
        return {"nticks": 6}
    return {"type": "log", "dtick": "D2" if times < LOG_TO else 1, "tickformat": "~g"}


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Places of the points (cost, gain) that no other beats in both, by rising cost: the Pareto front."""
    best, found = float("-inf"), []
    for place in sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1])):
        if points[place][1] > best:
            best = points[place][1]
            found.append(place)
    return found


def _front(figure: Figure, dots: Sequence[Dot]) -> None:
    import plotly.graph_objects as go

    places = front([(dot.x, dot.accuracy) for dot in dots])
    figure.add_trace(
        go.Scatter(
            x=[dots[i].x for i in places],
            y=[dots[i].accuracy for i in places],
            mode="lines",
            name="Pareto front",
            line={"shape": "hv", "width": 1.5, "dash": "dot", "color": GRAY},
            hoverinfo="skip",
            showlegend=len(places) > 1,
        )
    )


def _ring(figure: Figure, chosen: Sequence[Dot], wide: bool) -> None:
    """Around the chosen model, with its name."""
    import plotly.graph_objects as go

    for dot in chosen:
        ring = {"size": 19, "symbol": "circle-open", "color": CRIMSON, "line": {"width": 2.5}}
        figure.add_trace(
            go.Scatter(x=[dot.x], y=[dot.accuracy], mode="markers", marker=ring, hoverinfo="skip", showlegend=False)
        )
        figure.add_annotation(
            x=math.log10(dot.x) if wide else dot.x,
            y=dot.accuracy,
            text=f"<b>{label(dot.title, 24)}</b>",
            ax=46,
            ay=42,
            arrowcolor=CRIMSON,
            arrowwidth=1.5,
            standoff=11,
        )


def modules(parts: Sequence[Mapping[str, Any]], title: str, head: str) -> Figure:
    """A network's modules as nested boxes, their area the parameters in them; the classifier at `head` in orange."""
    import plotly.graph_objects as go

    root = "(network)"
    total = max(1, parts[0]["n_params"])
    names = [part["path"].removeprefix(part["parent"] + ".") if part["parent"] else part["path"] for part in parts]
    figure = _figure(height=380)
    figure.add_trace(
        go.Treemap(
            ids=[part["path"] or root for part in parts],
            parents=[part["parent"] or (root if part["path"] else "") for part in parts],
            labels=[label(title, 40), *(label(name, 40) for name in names[1:])],
            values=[part["n_params"] for part in parts],
            branchvalues="total",
            maxdepth=_levels(parts),
            customdata=[[label(part["kind"], 40), part["n_params"] / total] for part in parts],
            texttemplate="%{label}<br>%{value:.3s}",
            hovertemplate="<b>%{id}</b> (%{customdata[0]})<br>%{value:,} parameters, "
            "%{customdata[1]:.1%} of all<extra></extra>",
            marker={"colors": _colours(parts, head), "line": {"width": 1, "color": "rgba(255, 255, 255, 0.5)"}},
            textfont={"color": "white"},
            root={"color": NAVY},
            pathbar={"thickness": 22},
            tiling={"pad": 2},
        )
    )
    figure.update_layout(margin={"t": 4, "l": 0, "r": 0, "b": 0})
    return figure


def _levels(parts: Sequence[Mapping[str, Any]]) -> int:
    """How many levels of modules to show at once, the network's own among them."""
    depth: dict[str, int] = {"": 1}
    for part in parts[1:]:
        depth[part["path"]] = depth[part["parent"]] + 1
    fitting = [n for n in range(2, 6) if sum(level <= n for level in depth.values()) <= MOST_BOXES]
    return max(fitting, default=2)


def _colours(parts: Sequence[Mapping[str, Any]], head: str) -> list[str]:
    """Nothing for the whole, pale for what holds others, and the head, which will be replaced, apart from the rest."""
    holders = {part["parent"] for part in parts}
    shades = [ORANGE if part["path"] == head else NAVY if part["path"] in holders else TEAL for part in parts[1:]]
    return ["rgba(0, 0, 0, 0)", *shades]


def text_sizes(models: Sequence[tuple[str, int, int]]) -> Figure:
    """Parameters of (title, embeddings, rest) as stacked bars."""
    import plotly.graph_objects as go

    rows = list(range(len(models)))
    figure = _figure(height=90 + 34 * len(rows))
    for name, place in (("Embeddings", 1), ("Layers", 2)):
        figure.add_trace(
            go.Bar(
                y=rows,
                x=[model[place] for model in models],
                name=name,
                orientation="h",
                customdata=[label(model[0], 40) for model in models],
                hovertemplate="%{customdata}: %{x:,} in " + name.lower() + "<extra></extra>",
            )
        )
    figure.update_layout(barmode="stack", bargap=0.3, legend_traceorder="normal")
    names = [label(title, 24) for title, _, _ in models]
    figure.update_yaxes(tickvals=rows, ticktext=names, autorange="reversed", showgrid=False, automargin=True)
    figure.update_xaxes(title="parameters", tickformat="~s", nticks=5)
    return figure


def throughput(sizes: Sequence[int], series: Sequence[tuple[str, Sequence[float | None]]]) -> Figure:
    """Samples a second by batch size, a group of bars for each; a batch size without a figure has none."""
    import plotly.graph_objects as go

    figure = _figure(height=250)
    for name, values in series:
        figure.add_trace(
            go.Bar(
                x=[f"{size}" for size in sizes],
                y=list(values),
                name=name,
                text=[f"{value:,.3g}" if value else "" for value in values],
                textposition="outside",
                cliponaxis=False,
                hovertemplate=name + ", batch of %{x}: %{y:,.1f} samples/s<extra></extra>",
            )
        )
    figure.update_layout(barmode="group", bargap=0.35)
    figure.update_xaxes(title="batch size", type="category")
    figure.update_yaxes(title="samples / s", rangemode="tozero", nticks=5)
    return figure
