"""Charts that stand still and wait until they come into sight: a page of several is there before all are drawn.

`st.plotly_chart` draws each of its charts before the page goes on, about 0.1 s of the browser's time, seen or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from ui.live_plot import place_plotly, plotly_address

__all__ = ["still_plot"]

_HERE = Path(__file__).parent
Plain = Mapping[str, Any]


def still_plot(data: Sequence[Plain], layout: Plain, *, key: str, alt: str) -> None:
    """Show a figure given as Plotly's JSON has it; `alt` is what a screen reader says.

    A trace with `"meta": {"place": n}` has the n-th of the theme's colours, whichever others are drawn.
    """
    figure = {"data": list(data), "layout": {name: value for name, value in layout.items() if name != "template"}}
    _component()(key=key, data={"src": plotly_address(), "figure": figure, "alt": alt})


@cache
def _component() -> Any:
    place_plotly()
    return st.components.v2.component(
        "tlstudio_still_plot",
        html='<div class="still-plot" role="img"></div>\n',
        css=".still-plot { width: 100%; }\n",
        js="\n".join((_HERE / name).read_text(encoding="utf-8") for name in ("plotly.js", "near.js", "still_plot.js")),
        isolate_styles=False,
    )
