"""A wall of samples to click on: small pictures, or the beginnings of texts."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any

import streamlit as st

from tlcore.data import Dataset
from ui.words import short, visible

__all__ = ["ahead", "text_table", "tiles"]

_HERE = Path(__file__).parent
CHARACTERS = 300


def tiles(
    dataset: Dataset, rows: Sequence[int], *, key: str, chosen: int | None = None, notes: Sequence[str] | None = None
) -> int | None:
    """Draw the images of these rows; the row that was clicked just now, or None.

    Args:
        notes: Lines below each one's class; without, its split.
    """
    from tlcore.data.thumbnails import thumbnails

    known = dataset.manifest().iloc[list(rows)]
    pictures = thumbnails(dataset, rows)
    drawn = [
        {
            "row": int(row),
            "src": f"data:image/webp;base64,{b64encode(picture).decode()}" if picture else "",
            "label": visible(dataset.classes[label]),
            "note": str(note),
            "origin": visible(origin),
        }
        for row, picture, label, note, origin in zip(
            rows, pictures, known["label"], notes or known["split"], known["origin"], strict=True
        )
    ]
    told = _component()(key=key, data={"tiles": drawn, "chosen": chosen}, on_open_change=lambda: None)
    return None if told.open is None else int(told.open)


def ahead(dataset: Dataset, rows: Sequence[int]) -> None:
    """Make the small copies of these rows in the background: those of the page that is probably turned to next."""
    Thread(target=_made, args=(dataset, rows), name="thumbnails-ahead", daemon=True).start()


def _made(dataset: Dataset, rows: Sequence[int]) -> None:
    from tlcore.data.thumbnails import thumbnails

    with suppress(OSError):  # a full disk, or a dataset deleted in the meantime: whoever turns the page is told
        thumbnails(dataset, rows)


def text_table(dataset: Dataset, rows: Sequence[int], *, key: str, notes: Sequence[str] = ()) -> int | None:
    """A table of the texts of these rows, each with its note if there are any; the row that is selected, or None."""
    known = dataset.manifest().iloc[list(rows)]
    shown = known.assign(
        text=[short(text, CHARACTERS) for text in known["sample"]],
        label=[visible(dataset.classes[label]) for label in known["label"]],
        where=[visible(origin) for origin in known["origin"]],
        **({"note": notes} if notes else {}),
    )[["text", "label", *(["note"] if notes else []), "split", "where"]]
    event: Any = st.dataframe(
        shown,
        hide_index=True,
        key=key,
        on_select="rerun",
        selection_mode="single-row",
        column_config={"text": st.column_config.TextColumn("text", width="large")},
        alt="Texts with their labels and splits",
    )
    places = event.selection.rows
    return int(rows[places[0]]) if places and places[0] < len(rows) else None


@cache
def _component() -> Any:
    return st.components.v2.component(
        "tlstudio_samples",
        html='<div class="tiles"></div>\n',
        css=(_HERE / "tiles.css").read_text(encoding="utf-8"),
        js=(_HERE / "tiles.js").read_text(encoding="utf-8"),
    )
