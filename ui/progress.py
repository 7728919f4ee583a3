"""How far a run is, in numbers."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from tlcore.runs import Run
from ui.history import History
from ui.sight import Sight
from ui.words import duration, percent, visible

__all__ = ["numbers", "progress", "progress_line"]

HTML = """<div class="run-progress">
  <p></p>
  <div role="progressbar" aria-label="Training" aria-valuemin="0" aria-valuemax="100"><div></div></div>
</div>
"""
CSS = """
.run-progress { color: var(--st-text-color); font: inherit; }
.run-progress p { margin: 0 0 0.5rem; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.run-progress [role=progressbar] { height: 0.5rem; overflow: hidden; border-radius: 0.25rem;
  background: var(--st-secondary-background-color); }
.run-progress [role=progressbar] div { height: 100%; border-radius: 0.25rem; background: var(--st-primary-color);
  transition: width 0.3s; }
@media (prefers-reduced-motion: reduce) { .run-progress [role=progressbar] div { transition: none; } }
"""
_HERE = Path(__file__).parent


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


def progress(seen: Sight, now: float) -> dict[str, Any]:
    """How far a live run is, for its line: what its worker does, the share that is done, and what is shown by now.

    Where `state` is another than the page's, the page is drawn anew at once; where `epoch` is, soon.
    """
    run, phase = seen.run, visible(seen.phase)
    doing = visible(run.activity or run.status)
    within = f" · phase {phase}" if phase and run.status != "queued" else ""
    steps = f" · step {run.step:,} of {run.steps:,}" if run.step else ""
    return {
        "says": f"{doing[:1].upper()}{doing[1:]}{within}{steps}",
        "share": round(run.progress(now), 4),
        "state": f"{run.status} {seen.noted}",
        "epoch": run.epoch,
    }


def progress_line(seen: Sight) -> None:
    """Draw it; it moves by itself with the feed of the run's charts, and says when the page is to be drawn anew."""
    data = progress(seen, time.time()) | {"run": seen.run.id, "stamp": time.time()}
    _component()(key=f"progress-{seen.run.id}", data=data, on_look_change=lambda: None)


@cache
def _component() -> Any:
    return st.components.v2.component(
        "tlstudio_progress",
        html=HTML,
        css=CSS,
        js="\n".join((_HERE / name).read_text(encoding="utf-8") for name in ("live_feed.js", "progress.js")),
        isolate_styles=False,
    )
