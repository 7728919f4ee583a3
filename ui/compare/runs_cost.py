"""Accuracy of runs against what they cost: parameters, time of training, latency."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from tlcore.home import home
from tlcore.runs import Run, jobs
from tlcore.runs.comparison import Comparison
from ui import state
from ui.chart_template import layout
from ui.compare.runs_chart import bars
from ui.guard import guard
from ui.job import progress
from ui.layout import card
from ui.models import BATCH_SIZES, latencies, millions, place
from ui.still_plot import still_plot
from ui.words import label, plain

__all__ = ["cost"]

Value = Callable[[Run, Mapping[str, float | None]], float | None]
AXES: Mapping[str, tuple[str, str, Value]] = {
    "params": ("Parameters", "million parameters of the backbone", lambda run, ms: millions(run.backbone)),
    "took": ("Training time", "minutes of work", lambda run, ms: run.seconds(time.time()) / 60),
    "latency": ("Latency", "ms for one sample, measured here", lambda run, ms: ms.get(run.backbone)),
}
"""A title, the axis with its unit, and a run's value there, given the latencies of backbones."""


def cost(chosen: Sequence[Run], found: Comparison | None, names: Mapping[str, str]) -> None:
    """Draw the card."""
    with card("Accuracy against cost", key="runs-cost-card"):
        axis = state.segment("cost-axis", list(AXES), lambda key: AXES[key][0], label="Against")
        known = latencies() if axis == "latency" else {}
        value = AXES[axis][2]
        places = [(i, run, x) for i, run in enumerate(chosen) if (x := value(run, known)) is not None]
        if places:
            _chart(places, found, names, AXES[axis][1])
        if axis == "latency":
            _unmeasured([run.backbone for run in chosen if known.get(run.backbone) is None])


def _chart(
    places: Sequence[tuple[int, Run, float]], found: Comparison | None, names: Mapping[str, str], what: str
) -> None:
    scored = {score.run: (score.accuracy, score.accuracy_interval) for score in found.scores} if found else {}
    on_test = all(run.id in scored for _, run, _ in places)
    data: list[dict[str, Any]] = []
    for number, run, x in places:
        y, bounds = scored[run.id] if on_test else (run.val_accuracy or 0.0, None)
        dot = {"type": "scatter", "x": [x], "y": [y], "mode": "markers", "marker": {"size": 12}}
        said = {"name": label(names[run.id], 40), "hovertemplate": f"%{{y:.1%}} at %{{x:,.4~g}} {what}"}
        data.append({**dot, **said, "meta": {"place": number}, "error_y": bars([y], [bounds]) if bounds else None})
    split = "test" if on_test else "val"
    axes = {
        "xaxis": {"title": {"text": what}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": f"{split} accuracy"}, "tickformat": ".1~%"},
    }
    alt = f"{split.capitalize()} accuracy of {len(places)} runs against {what}."
    still_plot(data, layout(340) | {"showlegend": True} | axes, key="runs-cost", alt=alt)
    if not on_test:
        st.caption("Val accuracy, since not all of these have kept their answers on test; it has no interval here.")


def _unmeasured(names: Sequence[str]) -> None:
    """Which backbones have no latency yet, and the button that measures them."""
    missing = list(dict.fromkeys(names))
    if not missing:
        return
    about = [{"backbone": name, "batch_sizes": list(BATCH_SIZES), "place": place()} for name in missing]
    live = [one for one in about if jobs.look(home(), "speed", one).live]
    st.info(f"Not measured on this server: {plain(', '.join(missing))}.", icon=":material/speed:")
    if live:
        progress("speed", live[0], key="runs-speed")
    elif st.button("Measure on this server", icon=":material/speed:", key="ask-runs-speed"):
        with guard():
            for one in about:
                jobs.ask(home(), "speed", one)
        st.rerun()
