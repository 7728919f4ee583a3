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

from ui.history import Curve, thin

__all__ = ["MOST_POINTS", "Trace", "live_plot", "place_plotly"]

MOST_POINTS = 2000
"""In one chart, all traces together."""
_HERE = Path(__file__).parent
_STATIC = _HERE.parent / "static" / "plotly.min.js"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One line of a live chart."""

    name: str
    curve: Curve
    colour: int
    """Place in the theme's categorical colours."""
    look: Literal["faint", "strong"]
    """Every step, thin and pale; or one marker an epoch."""


def live_plot(
    traces: Sequence[Trace],
    *,
    key: str,
    what: str,
    unit: Literal["step", "epoch"],
    per_epoch: float,
    share: bool = False,
    alt: str,
    nothing: str = "",
) -> None:
    """Draw or update the chart `key`.

    Args:
        what: The y axis, with its unit.
        unit: Of the x axis. `per_epoch` steps make an epoch.
        share: Values lie in [0, 1] and read as percentages.
        alt: What a screen reader says.
        nothing: What stands in the chart's place before its first point.
    """
    strong = sum(len(trace.curve.steps) for trace in traces if trace.look == "strong")
    room = max(200, MOST_POINTS - strong)
    faint = max(1, sum(trace.look == "faint" for trace in traces))
    data: dict[str, Any] = {
        "src": f"{_base()}/app/static/plotly.min.js",
        "traces": [_plain(trace, room // faint) for trace in traces if trace.curve.steps],
        "what": what,
        "unit": unit,
        "per_epoch": per_epoch,
        "share": share,
        "alt": alt,
        "nothing": nothing,
    }
    _component()(key=key, data=data)


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


def _plain(trace: Trace, limit: int) -> dict[str, Any]:
    steps, values = thin(trace.curve, limit if trace.look == "faint" else MOST_POINTS)
    return {"name": trace.name, "x": steps, "y": values, "colour": trace.colour, "look": trace.look}


def _base() -> str:
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


@cache
def _component() -> Any:
    place_plotly()
    return st.components.v2.component(
        "tlstudio_live_plot",
        html='<div class="live-plot" role="img"></div>\n',
        css=".live-plot { width: 100%; height: 300px; }\n",
        js=(_HERE / "live_plot.js").read_text(encoding="utf-8"),
        isolate_styles=False,
    )
