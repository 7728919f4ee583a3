"""Loss and accuracy while a run trains, and how they are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from tlcore.runs import Run
from ui.history import Curve, History
from ui.layout import card
from ui.live_plot import Look, Trace
from ui.marks import Mark
from ui.train_frame import Frame
from ui.words import percent

__all__ = ["curves"]

TRAIN, VAL, F1 = 0, 1, 2
"""Places in the theme's categorical colours."""
SMOOTHING = 0.8
MOST_SMOOTHING = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What was chosen above the charts."""

    unit: str
    """Of the horizontal axis, "step" or "epoch"."""
    log: bool
    """The loss is on a logarithmic axis."""
    smoothing: float
    """Share of the average so far in the next, in [0, 1); 0 for none."""


def curves(run: Run, held: History, marked: Sequence[Mark]) -> Frame:
    """Loss and accuracy, side by side, stacked on a narrow screen; returns the frame for more charts beside them."""
    with card("Curves", key="curves-card"):
        view = _view()
        frame = Frame(run=run, held=held, marks=marked, unit=view.unit)
        loss, accuracy = st.columns(2)
        with loss:
            losses = _traces(frame, "loss", view)
            frame.draw("loss", losses, what="loss (nats)", log=view.log, says=_says(frame, "loss"))
        with accuracy:
            shares = [_macro_f1(held), *_traces(frame, "accuracy", view)]
            frame.draw("accuracy", shares, what="accuracy", tick=".0%", says=_says(frame, "accuracy"))
    return frame


def _view() -> View:
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
    return View(unit=unit, log=log, smoothing=smoothing)


def _traces(frame: Frame, metric: str, view: View) -> list[Trace]:
    """Every step, their average, the epochs, and the best of them."""
    run, held, train, val = frame.run, frame.held, f"train_{metric}", f"val_{metric}"

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
        f"{metric.capitalize()} over {frame.unit}s: train {read('train')}, validation {read('val')}, "
        f"after {len(frame.held.ends)} epochs{best}."
    )
