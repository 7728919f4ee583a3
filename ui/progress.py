"""How far a run is, in numbers: those of a live one are moved by its feed, so that no page is drawn for them."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from tlcore.runs import Run
from ui import tab
from ui.history import History
from ui.sight import Sight
from ui.words import duration, percent, visible

__all__ = ["numbers", "progress", "progress_line"]

HTML = """<div class="run-progress">
  <dl></dl>
  <p></p>
  <div role="progressbar" aria-label="Training" aria-valuemin="0" aria-valuemax="100"><div></div></div>
</div>
"""
CSS = """
.run-progress { color: var(--st-text-color); font: inherit; }
.run-progress dl { display: flex; flex-wrap: wrap; gap: 1rem; margin: 0 0 1rem; }
.run-progress dl div { flex: 1 1 8rem; min-width: 0; padding: 0.75rem 1rem; border-radius: 0.5rem;
  border: 1px solid var(--st-border-color); }
.run-progress dt { font-size: 0.875rem; font-weight: normal; }
.run-progress dd { margin: 0; font-size: 1.5rem; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.run-progress p { margin: 0 0 0.5rem; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.run-progress [role=progressbar] { height: 0.5rem; overflow: hidden; border-radius: 0.25rem;
  background: var(--st-secondary-background-color); }
.run-progress [role=progressbar] div { height: 100%; border-radius: 0.25rem; background: var(--st-primary-color);
  transition: width 0.3s; }
@media (prefers-reduced-motion: reduce) { .run-progress [role=progressbar] div { transition: none; } }
"""
_HERE = Path(__file__).parent


def numbers(run: Run, held: History, now: float) -> None:
    """Accuracies and time of a run that is over."""
    shown = {"Epoch": f"{run.epoch:,} / {run.epochs:,}"} | _best(run)
    if run.test_accuracy is None:
        shown["Latest val accuracy"] = percent(held.latest("epoch", "val_accuracy"))
    else:
        shown["Test accuracy"] = percent(run.test_accuracy)
        shown["Test macro-F1"] = percent(run.test_macro_f1)
    shown["Took"] = duration(run.seconds(now))
    with st.container(horizontal=True, key="run-numbers"):
        for name, value in shown.items():
            st.metric(name, value, border=True)


def _moving(run: Run, held: History, now: float) -> dict[str, str]:
    """Epoch, accuracies, pace and time of a run under way."""
    waits = run.status == "queued"
    return {
        "Epoch": f"{run.epoch:,} / {run.epochs:,}",
        **_best(run),
        "Latest val accuracy": percent(held.latest("epoch", "val_accuracy")),
        "Samples / s": "–" if waits else pace(held.latest("system", "samples_per_second")),
        "Elapsed": duration(None if waits else run.seconds(now)),
        "Remaining (estimate)": duration(run.eta),
    }


def _best(run: Run) -> dict[str, str]:
    epoch = f" (epoch {run.best_epoch:,})" if run.best_epoch else ""
    return {f"Best val accuracy{epoch}": percent(run.val_accuracy)}


def pace(rate: float | None) -> str:
    """Samples a second, with a decimal below ten; a dash where it was not measured yet."""
    return "–" if rate is None else f"{rate:.1f}" if rate < 10 else f"{rate:,.0f}"


def progress(seen: Sight, now: float) -> dict[str, Any]:
    """How far a live run is: its numbers, what its worker does, the share that is done, and the tab's title.

    Where `state` is another than the page's, the page is drawn anew.
    """
    run, phase = seen.run, visible(seen.phase)
    doing = visible(run.activity or run.status)
    within = f" · phase {phase}" if phase and run.status != "queued" else ""
    steps = f" · step {run.step:,} of {run.steps:,}" if run.step else ""
    return {
        "says": f"{doing[:1].upper()}{doing[1:]}{within}{steps}",
        "numbers": list(_moving(run, seen.held, now).items()),
        "share": round(run.progress(now), 4),
        "state": seen.state,
        "title": tab.title(run, now),
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
