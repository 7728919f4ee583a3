"""Loss and accuracy while a run trains, and how they are looked at."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.curve import Curve
from ui.history import History
from ui.live_plot import Chart, Look, Trace
from ui.train_frame import Frame
from ui.words import percent

__all__ = ["controls", "curves"]

TRAIN, VAL, F1 = 0, 1, 2
"""Places in the theme's categorical colours."""
SMOOTHING = 0.8
MOST_SMOOTHING = 0.99


def curves(frame: Frame) -> tuple[Chart, Chart]:
    """Loss and accuracy."""
    losses = _traces(frame, "loss")
    shares = [_macro_f1(frame.held), *_traces(frame, "accuracy")]
    return (
        frame.chart("loss", losses, what="loss (nats)", log=frame.view.log, says=_says(frame, "loss")),
        frame.chart("accuracy", shares, what="accuracy", tick=".1~%", says=_says(frame, "accuracy")),
    )


def controls() -> dict[str, Any]:
    """Draw what is chosen above them; returns those fields of a `View`."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="curves-controls"):
        unit = st.radio(
            "Horizontal axis",
            ["step", "epoch"],
            horizontal=True,
            format_func={"step": "Steps", "epoch": "Epochs"}.__getitem__,
            key="x-axis",
            persist_state="session",
            label_visibility="collapsed",
            width="content",
        )
        log = st.toggle(
            "Logarithmic loss",
            key="loss-log",
            persist_state="session",
            help="Spikes leave room for the rest, and small losses stay apart.",
        )
        smoothing = st.slider(
            "Smoothing of the training steps",
            0.0,
            MOST_SMOOTHING,
            SMOOTHING,
            0.01,
            key="smoothing",
            persist_state="session",
            width=260,
            help="A moving average over the steps; the steps themselves stay behind it. 0 shows them alone.",
        )
    return {"unit": unit, "log": log, "smoothing": smoothing}


def _traces(frame: Frame, metric: str) -> list[Trace]:
    """Every step, their average, the epochs, and the best of them."""
    run, held, view, train, val = frame.run, frame.held, frame.view, f"train_{metric}", f"val_{metric}"

    def trace(key: str, name: str, curve: Curve, colour: int, look: Look) -> Trace:
        return Trace(key=key, name=name, curve=curve, colour=colour, look=look)

    steps = held.curve("step", train)
    traces = [trace("steps", "Train step", steps, TRAIN, "faint")]
    if view.smoothing:
        average = held.smoothed("step", train, view.smoothing)
        traces.append(trace("average", "Train smoothed", average, TRAIN, "line"))
    means: Look = "dots" if view.smoothing else "strong"
    traces.append(trace("epochs", "Train epoch", held.curve("epoch", train), TRAIN, means))
    traces.append(trace("val", "Val", held.curve("epoch", val), VAL, "strong"))
    best = held.at_end(val, run.best_epoch)
    return [*traces, trace("best", f"Best epoch {run.best_epoch}", best, VAL, "star")]


def _macro_f1(held: History) -> Trace:
    return Trace(key="f1", name="Val macro-F1", curve=held.curve("epoch", "val_macro_f1"), colour=F1, look="dashed")


def _says(frame: Frame, metric: str) -> str:
    def read(split: str) -> str:
        value = frame.held.latest("epoch", f"{split}_{metric}")
        return percent(value) if metric == "accuracy" or value is None else f"{value:.3f}"

    best = f"; epoch {frame.run.best_epoch} is the best" if frame.run.best_epoch else ""
    return (
        f"{metric.capitalize()} over {frame.view.unit}s: train {read('train')}, validation {read('val')}, "
        f"after {len(frame.held.ends)} epochs{best}."
    )
