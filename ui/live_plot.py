"""Charts that grow while someone looks at them: zoom, hover and the page around them stay still.

`st.plotly_chart` makes a new chart for every new point. This component keeps one and calls `Plotly.react`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from ui import state
from ui.curve import Curve
from ui.marks import Mark, drawn

__all__ = ["MOST_POINTS", "Chart", "Look", "Trace", "base", "live_plot", "place_plotly", "plotly_address"]

MOST_POINTS = 2000
"""In one chart, all traces together."""
_HERE = Path(__file__).parent
_STATIC = _HERE.parent / "static" / "plotly.min.js"
Look = Literal["faint", "line", "strong", "dots", "dashed", "star"]
"""How a trace is drawn. `faint`: every step, thin and pale; `line`: every step; `strong`: a line with a marker for each
epoch; `dots`: the markers alone; `dashed`: a broken line; `star`: the one point that counts."""
_DENSE = ("faint", "line")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One line of a live chart."""

    key: str
    """Stays the same while the name changes. Letters, digits and hyphens: Plotly makes a CSS selector of it."""
    name: str
    """Safe for Plotly."""
    curve: Curve
    colour: int
    """Place in the theme's categorical colours."""
    look: Look
    unit: float = 1.0
    """How much of the curve's unit makes one on the chart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What a live chart shows at one moment."""

    key: str
    """Of its place on the page; the same while it grows."""
    traces: Sequence[Trace]
    what: str
    """The y axis, with its unit."""
    unit: str
    """Of the x axis, "step" or "epoch"."""
    per_epoch: float
    """Steps in an epoch."""
    tick: str = "~g"
    """How values on the y axis are written, in d3's language; ".0%" for shares."""
    log: bool = False
    """The y axis is logarithmic."""
    include: Sequence[float] = ()
    """Values that the y axis reaches in any case."""
    floor: float | None = None
    """Where the y axis ends at the latest; deeper values are seen by zooming."""
    marks: Sequence[Mark] = ()
    alt: str
    """What a screen reader says."""
    nothing: str = ""
    """What stands in the chart's place before its first point."""

    def data(self, shown: tuple[float, float] | None) -> dict[str, Any]:
        """As the browser draws it. `shown`: the steps, from and to, that are looked at closely; None for all."""
        sparse = sum(len(trace.curve.steps) for trace in self.traces if trace.look not in _DENSE)
        dense = sum(trace.look in _DENSE for trace in self.traces)
        limit = max(200, MOST_POINTS - sparse) // max(1, dense)
        return {
            "traces": [_plain(trace, limit, shown) for trace in self.traces if trace.curve.steps],
            "what": self.what,
            "unit": self.unit,
            "per_epoch": self.per_epoch,
            "tick": self.tick,
            "log": self.log,
            "include": list(self.include),
            "floor": self.floor,
            "marks": [drawn(mark) for mark in self.marks],
            "alt": self.alt,
            "nothing": self.nothing,
        }


def live_plot(chart: Chart, feed: Mapping[str, str] | None) -> None:
    """Draw or update a chart. It grows by itself where it has a `feed`, see `ui.live.feed`."""
    beside = {"src": plotly_address(), "key": chart.key, "feed": feed, "stamp": time.time()}
    _component()(
        key=chart.key,
        data=chart.data(state.zoom(chart.key)) | beside,
        on_shown_change=_nothing,
        on_look_change=_nothing,
    )


def place_plotly() -> None:
    """Copy Plotly's script out of its package to where the server hands out files, if it is not there."""
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("plotly is not installed")
    source = Path(spec.origin).parent / "package_data" / "plotly.min.js"
    if _STATIC.exists() and _STATIC.stat().st_size == source.stat().st_size:
        return
    _STATIC.parent.mkdir(exist_ok=True)
    coming = _STATIC.with_suffix(".part")
    shutil.copyfile(source, coming)
    coming.replace(_STATIC)


def _plain(trace: Trace, limit: int, shown: tuple[float, float] | None) -> dict[str, Any]:
    most = limit if trace.look in _DENSE else MOST_POINTS
    thin = trace.curve.thin(most, trace.unit) if shown is None else trace.curve.closely(most, shown, trace.unit)
    steps, values, thinned = thin
    drawn = {"x": steps, "y": values, "colour": trace.colour, "look": trace.look, "thinned": thinned}
    return {"key": trace.key, "name": trace.name, **drawn}


def _nothing() -> None:
    """A zoom, or a chart without its feed, draws the page's fragment again, which is all that is needed."""


def plotly_address() -> str:
    """Where the browser finds Plotly's script."""
    return f"{base()}/app/static/plotly.min.js"


def base() -> str:
    """What stands before every path of this server; empty, or with a slash in front and none at the end."""
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


@cache
def _component() -> Any:
    place_plotly()
    return st.components.v2.component(
        "tlstudio_live_plot",
        html='<div class="live-plot" role="img"></div>\n',
        css=".live-plot { width: 100%; min-height: 300px; }\n",
        js="\n".join(
            (_HERE / name).read_text(encoding="utf-8")
            for name in ("plotly.js", "near.js", "marks.js", "live_feed.js", "live_plot.js")
        ),
        isolate_styles=False,
    )
