"""A model's time and memory on this very server, measured in the background and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from tlcore.home import home
from tlcore.runs import jobs
from ui import state, zoo_charts
from ui.charts import draw
from ui.job import job
from ui.layout import card
from ui.models import BATCH_SIZES, Entry, place
from ui.words import ago, plain

__all__ = ["speed"]

BUSY = 0.15
"""Share of the machine that others take, from which the page says so."""
TITLES = {"inference": "Inference", "training": "Training step"}


def speed(entry: Entry) -> None:
    """The button, the progress, or what was measured beside what is published."""
    record = entry.record
    about = {"backbone": record.name, "batch_sizes": list(BATCH_SIZES), "place": place()}

    def show(found: Mapping[str, Any]) -> None:
        _show(found, entry)
        if st.button("Measure again", icon=":material/refresh:", key="measure-again"):
            jobs.again(home(), "speed", about)
            st.rerun()

    with card("Measured here", key="speed-card", icon=":material/speed:"):
        _training_now()
        sizes = ", ".join(map(str, BATCH_SIZES))
        job(
            "speed",
            about,
            key="speed",
            action="Measure on this server",
            icon=":material/speed:",
            note=f"Times inference and whole training steps with {sizes} samples at a time on {plain(place())}, and "
            "takes the peak of memory. It needs no weights: they change neither. Small models take seconds, the "
            "largest minutes; it goes on in the background.",
            show=show,
        )


def _training_now() -> None:
    """Warn while a training shares the machine."""
    live = [run for run in state.studio().runs(limit=20) if run.status == "running"]
    if live:
        st.caption(":material/info: A training is running and takes its share: times measured now are longer.")


def _show(found: Mapping[str, Any], entry: Entry) -> None:
    readings = found["readings"]
    sizes = sorted({reading["batch_size"] for reading in readings})
    by_use = {(reading["mode"], reading["batch_size"]): reading for reading in readings}
    series = [(title, [_rate(by_use.get((mode, size))) for size in sizes]) for mode, title in TITLES.items()]
    alt = f"Samples a second of {entry.record.title} by batch size, for inference and for training."
    draw(zoo_charts.throughput(sizes, series), key="speed-chart", alt=alt)
    _table(readings)
    st.caption(_circumstances(found, entry))
    if found["busy"] > BUSY:
        st.caption(
            f":material/warning: Others took {100 * found['busy']:.0f} % of the processor just before, so the machine "
            "may be faster than this. Measure again when it is quiet."
        )


def _table(readings: Sequence[Mapping[str, Any]]) -> None:
    import pandas as pd

    column = st.column_config
    st.dataframe(
        pd.DataFrame([_row(reading) for reading in readings]).dropna(axis="columns", how="all"),
        hide_index=True,
        key="speed-table",
        height="content",
        placeholder="–",
        alt="Latency, throughput and memory by use and batch size",
        column_config={
            "use": column.TextColumn("Use", pinned=True, width=100),
            "batch": column.NumberColumn("Batch", width=50),
            "ms": column.NumberColumn(
                "ms", format="%.1f", width=70, help="Milliseconds of one batch: the median of the passes."
            ),
            "rate": column.NumberColumn("Samples/s", format="%.1f", width=75),
            "mib": column.NumberColumn("MiB", format="%.0f", width=60, help="Memory at the peak, weights included."),
            "n": column.NumberColumn("Passes", help="Timed ones, after one that warms up."),
            "note": column.TextColumn("Note"),
        },
    )


def _row(reading: Mapping[str, Any]) -> dict[str, Any]:
    seconds, memory = reading["seconds"], reading["memory"]
    return {
        "use": TITLES[reading["mode"]],
        "batch": reading["batch_size"],
        "ms": 1000 * seconds if seconds else None,
        "rate": _rate(reading),
        "mib": memory / 2**20 if memory is not None else None,
        "n": reading["n"] or None,
        "note": reading["note"] or None,
    }


def _rate(reading: Mapping[str, Any] | None) -> float | None:
    return reading["batch_size"] / reading["seconds"] if reading and reading["seconds"] else None


def _circumstances(found: Mapping[str, Any], entry: Entry) -> str:
    """On what it was measured, when, and what is published of the same model."""
    record = entry.record
    side = record.input_size
    reads = f"{side} × {side} pixels" if side else f"{found['tokens']} tokens a text"
    published = [f"{record.n_params / 1e6:,.1f} M parameters"]
    if record.gflops is not None:
        published.insert(0, f"{record.gflops:.2f} GFLOPs an image")
    grown = "of the GPU's allocator" if found["device"] == "cuda" else "by which the process grew"
    return (
        f"{ago(found['at']).capitalize()} on {plain(found['on'])}, {plain(found['precision'])}, "
        f"torch {plain(found['torch'])}, {found['threads']} threads; {reads}. Memory is the peak {grown}. "
        f"A training step moves all weights with AdamW. Published: {', '.join(published)}."
    )
