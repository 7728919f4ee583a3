"""Samples with what the model answered: pictures to click on, or texts in rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from tlcore.evaluation.calibration import probabilities
from tlcore.runs.explaining import Source
from ui import state
from ui.data.sample import facts
from ui.data.tiles import CHARACTERS, tiles
from ui.guard import guard
from ui.predict.explain import explain
from ui.predict.judged import Judged
from ui.words import SUREST, confidence, confidence_percent, short, visible

__all__ = ["samples"]

A_PAGE = 24
PATIENT_SECONDS = 90.0
"""For an explanation over the page: progress ends with the page drawn anew, which would close what lies over it."""


def samples(given: Judged, places: Sequence[int], *, key: str) -> None:
    """Draw a page of those at these places of the answers; a click opens one. The page is in the URL as `?key=`."""
    n, page = -(-len(places) // A_PAGE), 1
    if n > 1:
        page = st.pagination(n, **state.linked(key, 1, lambda value: 1 <= value <= n))
    shown = list(places[(page - 1) * A_PAGE : page * A_PAGE])
    rows = [int(given.found.rows[place]) for place in shown]
    sure = probabilities(given.found.logits[shown], given.temperature).max(1)
    answers = given.found.logits[shown].argmax(1)
    said = [(visible(given.names[int(answer)]), float(share)) for answer, share in zip(answers, sure, strict=True)]
    draw = _pictures if given.dataset.modality == "image" else _texts
    opened = draw(given, rows, said, key)
    if opened is not None:
        st.dialog("Sample", width="large")(_dialog)(given, opened)


def _dialog(given: Judged, row: int) -> None:
    with guard():
        facts(given.dataset, row)
        if given.elsewhere is not None:
            st.caption(f"Dataset and split are not the run's own: this is sample {row:,} of {given.dataset.id}.")
        st.markdown("**What the answer rests on**")
        explain(
            given.run,
            Source(dataset=given.dataset.id, row=row),
            key=f"sample-{given.run.id}-{row}",
            within=PATIENT_SECONDS,
        )


def _pictures(given: Judged, rows: list[int], said: Sequence[tuple[str, float]], key: str) -> int | None:
    notes = [f"answered {name}, {confidence(share)}" for name, share in said]
    return tiles(given.dataset, rows, key=f"{key}-pictures", notes=notes)


def _texts(given: Judged, rows: list[int], said: Sequence[tuple[str, float]], key: str) -> int | None:
    import pandas as pd

    known = given.dataset.manifest().iloc[rows]
    table = pd.DataFrame(
        {
            "text": [short(text, CHARACTERS) for text in known["sample"]],
            "true": [visible(given.dataset.classes[label]) for label in known["label"]],
            "answer": [name for name, _ in said],
            "confidence": np.round([confidence_percent(share) for _, share in said], 1),
            "from": [visible(origin) for origin in known["origin"]],
        }
    )
    event: Any = st.dataframe(
        table,
        hide_index=True,
        key=f"{key}-texts",
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "text": st.column_config.TextColumn("text", width="large"),
            "confidence": st.column_config.NumberColumn("confidence", format="%.1f %%", help=SUREST),
        },
        alt="Texts with their class, the answer and its confidence",
    )
    picked = event.selection.rows
    return rows[picked[0]] if picked and picked[0] < len(rows) else None
