"""What moves the weights, and what that takes of the machine."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.layout import card
from ui.live_plot import Trace
from ui.train_frame import Frame
from ui.train_rates import peaks, rates
from ui.words import percent

__all__ = ["machinery"]

ACCENT = 1
"""Place in the theme's categorical colours."""
GIB = 2.0**30
FAR = 10.0
"""From this ratio of the highest to the lowest rate on, only a logarithmic axis shows both."""
DEEPEST = 30.0
"""How far below its peak a logarithmic axis follows the lowest rate: a cosine ends at next to nothing."""
VIEWS = {"rates": "Learning rates", "norm": "Gradient norm", "machine": "Machine"}


def machinery(frame: Frame) -> None:
    """One view at a time, so that only its charts are sent."""
    with card("Optimizer and machine", key="machinery-card"):
        row = st.container(horizontal=True, vertical_alignment="center", gap="medium", key="machinery-controls")
        view = row.radio(
            "What to show",
            list(VIEWS),
            horizontal=True,
            format_func=VIEWS.__getitem__,
            key="machinery",
            persist_state="session",
            label_visibility="collapsed",
            width="content",
        )
        match view:
            case "rates":
                _rates(frame, row)
            case "norm":
                _norm(frame, row)
            case _:
                _machine(frame)


def _rates(frame: Frame, row: DeltaGenerator) -> None:
    traces = rates(frame.held)
    low, high = peaks(traces)
    apart = high > 0 and high >= FAR * low
    log = row.toggle(
        "Logarithmic rates",
        apart,
        key=f"rates-log-{'far' if apart else 'near'}",
        persist_state="session",
        help=f"On by itself where the rates differ by a factor of {FAR:.0f} or more.",
    )
    now = [f"{trace.name} {trace.curve.values[-1]:.3g}" for trace in traces]
    says = f"Learning rates over {frame.unit}s, now: {', '.join(now) or 'none yet'}."
    axis = {"log": True, "floor": low / DEEPEST} if log else {"include": (0.0,)}
    frame.draw("rates", traces, what="learning rate", tick="~e", says=says, **axis)


def _norm(frame: Frame, row: DeltaGenerator) -> None:
    curve, now = frame.held.curve("step", "grad_norm"), frame.held.latest("step", "grad_norm")
    clip = float(frame.run.recipe.get("clip") or 0)
    clipped = f", before they are cut to a norm of {clip:g}" if clip else ""
    row.caption(f"All gradients together, at some of the steps{clipped}.", width="content")
    says = f"Gradient norm over {frame.unit}s, now {'unknown' if now is None else f'{now:.3g}'}."
    traces = [Trace(key="norm", name="gradient norm", curve=curve, colour=ACCENT, look="line")]
    frame.draw("norm", traces, what="gradient norm", log=True, says=says)


def _machine(frame: Frame) -> None:
    views = (
        ("samples_per_second", "samples / s", 1.0, {"include": (0.0,)}),
        ("memory", "memory (GiB)", GIB, {"include": (0.0,)}),
        ("busy", "utilisation", 1.0, {"include": (0.0, 1.0), "tick": ".0%"}),
    )
    for column, (name, what, unit, axis) in zip(st.columns(3), views, strict=True):
        now = frame.held.latest("system", name)
        read = "unknown" if now is None else percent(now) if name == "busy" else f"{now / unit:.3g}"
        curve, key = frame.held.curve("system", name), name.replace("_", "-")
        traces = [Trace(key=key, name=what, curve=curve, colour=ACCENT, look="line", unit=unit)]
        says = f"{what.capitalize()} over {frame.unit}s, now {read}."
        with column:
            frame.draw(key, traces, what=what, says=says, nothing="Measured once a second", **axis)
