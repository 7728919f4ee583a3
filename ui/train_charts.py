"""The charts of a run, with what is chosen above them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from ui import train_curves, train_machinery
from ui.layout import card
from ui.live_plot import Chart, live_plot
from ui.sight import Sight
from ui.train_frame import Frame
from ui.train_view import View

__all__ = ["charts", "draw"]


def charts(seen: Sight, view: View) -> tuple[Chart, ...]:
    """Loss, accuracy, and what the view shows below them."""
    frame = Frame(run=seen.run, held=seen.held, marks=seen.marks, view=view)
    return (*train_curves.curves(frame), *train_machinery.machinery(frame))


def draw(seen: Sight, feed: Callable[[Sight, View], Mapping[str, str]]) -> None:
    """Loss and accuracy side by side, stacked on a narrow screen, and the machinery below them.

    Args:
        feed: Says where a browser finds what is new of a live run in this view.
    """
    with card("Curves", key="curves-card"):
        chosen = train_curves.controls()
        places = st.columns(2)
    with card("Optimizer and machine", key="machinery-card"):
        chosen |= train_machinery.controls(seen.held, seen.run)
        view = View(**chosen)
        drawn = charts(seen, view)
        many = len(drawn) - len(places)
        places += st.columns(many) if many > 1 else [st.container()]
    fed = feed(seen, view) if seen.run.live else None
    for place, chart in zip(places, drawn, strict=True):
        with place:
            live_plot(chart, fed)
