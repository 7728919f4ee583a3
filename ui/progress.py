"""How far a run is, in numbers and curves."""

from __future__ import annotations

import time

import streamlit as st

from tlcore.runs import Run
from ui.history import Curve, History
from ui.layout import card
from ui.live_plot import Trace, live_plot
from ui.words import duration, percent, plain

__all__ = ["curves", "numbers", "progress"]

TRAIN, VAL = 0, 1
"""Places in the theme's categorical colours."""


def numbers(run: Run, held: History, now: float) -> None:
    """Epoch, accuracies, and time."""
    latest = held.latest("epoch", "val_accuracy")
    with st.container(horizontal=True, key="run-numbers"):
        st.metric("Epoch", f"{run.epoch:,} / {run.epochs:,}", border=True)
        best = f" (epoch {run.best_epoch:,})" if run.best_epoch else ""
        st.metric(f"Best val accuracy{best}", percent(run.val_accuracy), border=True)
        if run.live:
            st.metric("Latest val accuracy", percent(latest), border=True)
            st.metric("Elapsed", duration(run.seconds(now)), border=True)
            st.metric("Remaining", duration(run.eta), border=True, help="As the worker estimates from its pace so far.")
        else:
            st.metric("Test accuracy", percent(run.test_accuracy), border=True)
            st.metric("Test macro-F1", percent(run.test_macro_f1), border=True)
            st.metric("Took", duration(run.seconds(now)), border=True)


def progress(run: Run) -> None:
    """The bar of a live run, with what its worker does now."""
    if not run.live:
        return
    doing = plain(run.activity or run.status)
    steps = f" · step {run.step:,} of {run.steps:,}" if run.step else ""
    st.progress(run.progress(time.time()), text=f"{doing[:1].upper()}{doing[1:]}{steps}")


def curves(run: Run, held: History) -> None:
    """Loss and accuracy, side by side; stacked on a narrow screen."""
    with card("Curves", key="curves-card"):
        unit = st.radio(
            "Horizontal axis",
            ["step", "epoch"],
            horizontal=True,
            format_func={"step": "Steps", "epoch": "Epochs"}.__getitem__,
            key="x-axis",
            persist_state="session",
            label_visibility="collapsed",
        )
        loss, accuracy = st.columns(2)
        with loss:
            _plot(run, held, "loss", "loss (nats)", unit, share=False)
        with accuracy:
            _plot(run, held, "accuracy", "accuracy", unit, share=True)


def _plot(run: Run, held: History, metric: str, what: str, unit: str, *, share: bool) -> None:
    per_epoch = run.steps / run.epochs if run.steps and run.epochs else 1.0

    def curve(scope: str, split: str) -> Curve:
        return held.curves.get((scope, f"{split}_{metric}")) or Curve()

    train, val = held.latest("epoch", f"train_{metric}"), held.latest("epoch", f"val_{metric}")

    def read(value: float | None) -> str:
        return percent(value) if share or value is None else f"{value:.3f}"

    live_plot(
        [
            Trace(name="Train, each step", curve=curve("step", "train"), colour=TRAIN, look="faint"),
            Trace(name="Train, epoch", curve=curve("epoch", "train"), colour=TRAIN, look="strong"),
            Trace(name="Validation", curve=curve("epoch", "val"), colour=VAL, look="strong"),
        ],
        key=f"{metric}-plot-{held.run}",
        what=what,
        unit="epoch" if unit == "epoch" else "step",
        per_epoch=per_epoch,
        share=share,
        alt=f"{metric.capitalize()} over {unit}s: train {read(train)}, validation {read(val)}, "
        f"after {len(held.ends)} epochs.",
        nothing="Waiting for the first step" if run.live else "It ended before its first step",
    )
