"""What moves the weights, and what that takes of the machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import streamlit as st

from tlcore.runs import Run
from ui.history import History
from ui.live_plot import Chart, Trace
from ui.train_frame import Frame
from ui.train_rates import peaks, rates
from ui.words import percent

__all__ = ["controls", "machinery"]

ACCENT = 1
"""Place in the theme's categorical colours."""
GIB = 2.0**30
FAR = 10.0
"""From this ratio of the highest to the lowest rate on, only a logarithmic axis shows both."""
DEEPEST = 30.0
"""How far below its peak a logarithmic axis follows the lowest rate: a cosine ends at next to nothing."""
VIEWS = {"rates": "Learning rates", "norm": "Gradient norm", "machine": "Machine"}


def controls(held: History, run: Run) -> dict[str, Any]:
    """Draw what is chosen above them; returns those fields of a `View`."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="machinery-controls"):
        view = st.radio(
            "What to show",
            list(VIEWS),
            horizontal=True,
            format_func=VIEWS.__getitem__,
            key="machinery",
            persist_state="session",
            label_visibility="collapsed",
            width="content",
        )
        if view == "rates":
            return {"machinery": view, "rates_log": _logarithmic(held)}
        if view == "norm":
            clip = float(run.recipe.get("clip") or 0)
            clipped = f", before they are cut to a norm of {clip:g}" if clip else ""
            st.caption(f"All gradients together, at some of the steps{clipped}.", width="content")
    return {"machinery": view}


def _logarithmic(held: History) -> bool:
    low, high = peaks(rates(held))
    apart = high > 0 and high >= FAR * low
    return st.toggle(
        "Logarithmic rates",
        apart,
        key=f"rates-log-{'far' if apart else 'near'}",
        persist_state="session",
        help=f"On by itself where the rates differ by a factor of {FAR:.0f} or more.",
    )


def machinery(frame: Frame) -> tuple[Chart, ...]:
    """The charts of one view at a time, so that only these are sent."""
    match frame.view.machinery:
        case "rates":
            return (_rates(frame),)
        case "norm":
            return (_norm(frame),)
        case _:
            return tuple(_machine(frame))


def _rates(frame: Frame) -> Chart:
    traces = rates(frame.held)
    low, _ = peaks(traces)
    now = [f"{trace.name} {trace.curve.values[-1]:.3g}" for trace in traces]
    says = f"Learning rates over {frame.view.unit}s, now: {', '.join(now) or 'none yet'}."
    axis: dict[str, Any] = {"log": True, "floor": low / DEEPEST} if frame.view.rates_log else {"include": (0.0,)}
    return frame.chart("rates", traces, what="learning rate", tick="~e", says=says, **axis)


def _norm(frame: Frame) -> Chart:
    curve, now = frame.held.curve("step", "grad_norm"), frame.held.latest("step", "grad_norm")
    says = f"Gradient norm over {frame.view.unit}s, now {'unknown' if now is None else f'{now:.3g}'}."
    traces = [Trace(key="norm", name="gradient norm", curve=curve, colour=ACCENT, look="line")]
    return frame.chart("norm", traces, what="gradient norm", log=True, says=says)


def _machine(frame: Frame) -> Iterator[Chart]:
    views: tuple[tuple[str, str, float, dict[str, Any]], ...] = (
        ("samples_per_second", "samples / s", 1.0, {"include": (0.0,)}),
        ("memory", "memory (GiB)", GIB, {"include": (0.0,)}),
        ("busy", "utilisation", 1.0, {"include": (0.0, 1.0), "tick": ".0%"}),
    )
    for name, what, unit, axis in views:
        now = frame.held.latest("system", name)
        read = "unknown" if now is None else percent(now) if name == "busy" else f"{now / unit:.3g}"
        curve, key = frame.held.curve("system", name), name.replace("_", "-")
        traces = [Trace(key=key, name=what, curve=curve, colour=ACCENT, look="line", unit=unit)]
        says = f"{what.capitalize()} over {frame.view.unit}s, now {read}."
        yield frame.chart(key, traces, what=what, says=says, nothing="Measured once a second", **axis)
