"""What moves the weights, and what that takes of the machine."""

from __future__ import annotations

import streamlit as st

from ui.layout import card
from ui.live_plot import Trace
from ui.train_frame import Frame
from ui.train_rates import far_apart, rates
from ui.words import percent

__all__ = ["machinery"]

ACCENT = 1
"""Place in the theme's categorical colours."""
GIB = 2.0**30
VIEWS = {"rates": "Learning rates", "norm": "Gradient norm", "machine": "Machine"}


def machinery(frame: Frame) -> None:
    """One view at a time, so that only its charts are sent; none where the shown one is clicked again."""
    with card("Optimizer and machine", key="machinery-card"):
        view = st.segmented_control(
            "What to show",
            list(VIEWS),
            default="rates",
            format_func=VIEWS.__getitem__,
            key="machinery",
            persist_state="session",
            label_visibility="collapsed",
            wrap=True,
        )
        match view:
            case "rates":
                _rates(frame)
            case "norm":
                _norm(frame)
            case "machine":
                _machine(frame)


def _rates(frame: Frame) -> None:
    traces = rates(frame.held)
    apart = far_apart(traces)
    log = st.toggle(
        "Logarithmic rates",
        apart,
        key=f"rates-log-{'far' if apart else 'near'}",
        persist_state="session",
        help="On by itself where the rates differ by a factor of ten or more.",
    )
    now = [f"{trace.name} {trace.curve.values[-1]:.3g}" for trace in traces]
    says = f"Learning rates over {frame.unit}s, now: {', '.join(now) or 'none yet'}."
    frame.draw("rates", traces, what="learning rate", log=log, low=None if log else 0.0, says=says)


def _norm(frame: Frame) -> None:
    curve, now = frame.held.curve("step", "grad_norm"), frame.held.latest("step", "grad_norm")
    clip = float(frame.run.recipe.get("clip") or 0)
    clipped = f"Gradients longer than {clip:g} are cut to that; this is their norm before." if clip else ""
    st.caption(f"2-norm of all gradients together, on some of the steps. {clipped}")
    says = f"Gradient norm over {frame.unit}s, now {'unknown' if now is None else f'{now:.3g}'}."
    traces = [Trace(key="norm", name="gradient norm", curve=curve, colour=ACCENT, look="line")]
    frame.draw("norm", traces, what="gradient norm", log=True, says=says)


def _machine(frame: Frame) -> None:
    views = (
        ("samples_per_second", "samples / s", 1.0),
        ("memory", "memory (GiB)", GIB),
        ("busy", "utilisation", 1.0),
    )
    for column, (name, what, unit) in zip(st.columns(3), views, strict=True):
        curve, now, share = frame.held.curve("system", name), frame.held.latest("system", name), name == "busy"
        read = "unknown" if now is None else percent(now) if share else f"{now / unit:.3g}"
        traces = [Trace(key=name, name=what, curve=curve, colour=ACCENT, look="line", unit=unit)]
        with column:
            says = f"{what.capitalize()} over {frame.unit}s, now {read}."
            frame.draw(name, traces, what=what, share=share, low=0.0, says=says, nothing="Measured once a second")
