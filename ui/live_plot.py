"""Charts that grow while someone looks at them: zoom, hover and the page around them stay still.

`st.plotly_chart` makes a new chart for every new point. This component keeps one and calls `Plotly.react`.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from ui import state
from ui.history import Curve, thin
from ui.marks import Mark, drawn

__all__ = ["MOST_POINTS", "Look", "Trace", "live_plot", "place_plotly", "plotly_address"]

MOST_POINTS = 2000
"""In one chart, all traces together."""
DIGITS = 6
"""Significant ones of a value that is drawn."""
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


def live_plot(
    traces: Sequence[Trace],
    *,
    key: str,
    what: str,
    unit: str,
    per_epoch: float,
    tick: str = "~g",
    log: bool = False,
    include: Sequence[float] = (),
    floor: float | None = None,
    marks: Sequence[Mark] = (),
    alt: str,
    nothing: str = "",
) -> None:
    """Draw or update the chart `key`.

    Args:
        what: The y axis, with its unit.
        unit: Of the x axis, "step" or "epoch". `per_epoch` steps make an epoch.
        tick: How values on the y axis are written, in d3's language; ".0%" for shares.
        log: The y axis is logarithmic.
        include: Values that the y axis reaches in any case.
        floor: Where the y axis ends at the latest; deeper values are seen by zooming.
        alt: What a screen reader says.
        nothing: What stands in the chart's place before its first point.
    """
    sparse = sum(len(trace.curve.steps) for trace in traces if trace.look not in _DENSE)
    dense = sum(trace.look in _DENSE for trace in traces)
    limit = max(200, MOST_POINTS - sparse) // max(1, dense)
    data: dict[str, Any] = {
        "src": plotly_address(),
        "traces": [_plain(trace, limit, state.zoom(key)) for trace in traces if trace.curve.steps],
        "what": what,
        "unit": unit,
        "per_epoch": per_epoch,
        "tick": tick,
        "log": log,
        "include": list(include),
        "floor": floor,
        "marks": [drawn(mark) for mark in marks],
        "alt": alt,
        "nothing": nothing,
    }
    _component()(key=key, data=data, on_shown_change=_nothing)


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
    steps, values, thinned = thin(trace.curve, limit if trace.look in _DENSE else MOST_POINTS, shown)
    drawn = {
        "x": steps,
        "y": _short(values, trace.unit),
        "colour": trace.colour,
        "look": trace.look,
        "thinned": thinned,
    }
    return {"key": trace.key, "name": trace.name, **drawn}


def _short(values: Sequence[float | None], unit: float) -> list[float | None]:
    """In units of the chart, with as many digits as anybody sees: half of the text that every look sends."""
    import numpy as np

    found = np.asarray(values, dtype=np.float64) / unit
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(np.abs(found))))
        rounded = np.where((found == 0) | ~np.isfinite(scale), found, np.round(found * scale) / scale)
    return [None if value is None else one for value, one in zip(values, rounded.tolist(), strict=True)]


def _nothing() -> None:
    """A zoom draws the page's fragment again, which is all that is needed."""


def plotly_address() -> str:
    """Where the browser finds Plotly's script."""
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"{f'/{path}' if path else ''}/app/static/plotly.min.js"


@cache
def _component() -> Any:
    place_plotly()
    return st.components.v2.component(
        "tlstudio_live_plot",
        html='<div class="live-plot" role="img"></div>\n',
        css=".live-plot { width: 100%; min-height: 300px; }\n",
        js="\n".join((_HERE / name).read_text(encoding="utf-8") for name in ("plotly.js", "marks.js", "live_plot.js")),
        isolate_styles=False,
    )
