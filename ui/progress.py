"""How far a run is, in numbers."""

from __future__ import annotations

import time

import streamlit as st

from tlcore.runs import Run
from ui.history import History
from ui.words import duration, percent, plain

__all__ = ["numbers", "progress"]


def numbers(run: Run, held: History, now: float) -> None:
    """Epoch, accuracies, pace and time."""
    waits = run.status == "queued"
    best = f" (epoch {run.best_epoch:,})" if run.best_epoch else ""
    shown = {"Epoch": f"{run.epoch:,} / {run.epochs:,}", f"Best val accuracy{best}": percent(run.val_accuracy)}
    if run.test_accuracy is None or run.live:
        shown["Latest val accuracy"] = percent(held.latest("epoch", "val_accuracy"))
    if run.live:
        shown["Samples / s"] = "–" if waits else pace(held.latest("system", "samples_per_second"))
        shown["Elapsed"] = duration(None if waits else run.seconds(now))
        shown["Remaining"] = duration(run.eta)
    else:
        if run.test_accuracy is not None:
            shown["Test accuracy"] = percent(run.test_accuracy)
            shown["Test macro-F1"] = percent(run.test_macro_f1)
        shown["Took"] = duration(run.seconds(now))
    with st.container(horizontal=True, key="run-numbers"):
        for name, value in shown.items():
            estimate = "As the worker estimates from its pace so far." if name == "Remaining" else None
            st.metric(name, value, border=True, help=estimate)


def pace(rate: float | None) -> str:
    """Samples a second, with a decimal below ten; a dash where it was not measured yet."""
    return "–" if rate is None else f"{rate:.1f}" if rate < 10 else f"{rate:,.0f}"


def progress(run: Run, phase: str) -> None:
    """The bar of a live run, with what its worker does now; `phase` is safe already."""
    if not run.live:
        return
    doing = plain(run.activity or run.status)
    within = f" · phase {phase}" if phase and run.status != "queued" else ""
    steps = f" · step {run.step:,} of {run.steps:,}" if run.step else ""
    st.progress(run.progress(time.time()), text=f"{doing[:1].upper()}{doing[1:]}{within}{steps}")
