"""Many inputs: a table of what was said of each, to sort, to take along, and to choose one from."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from tlcore.data.spreadsheet import safe
from tlcore.runs import Run
from tlcore.runs.tries import MOST_INPUTS, Try, picture_of
from ui.layout import card
from ui.words import SUREST, confidence_percent, plain, short, visible

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["chosen_input", "table_of"]

PICTURED = 300
"""Rows with a small picture; each travels to the browser."""
SIDE = 64
Said = Sequence[tuple[Run, Mapping[str, Any]]]


def chosen_input(of: Try, said: Said) -> int:
    """Draw the table; returns the place of the input that is selected, or the first."""
    import pandas as pd

    first = said[0][1]["inputs"]
    with card("All inputs", key="try-all"):
        n_bad, n_unlike = sum(bool(one["problem"]) for one in first), sum(one.get("unlike") is True for one in first)
        notes = [f"{len(first):,} inputs"]
        notes += [f"{n_unlike:,} unlike the training data"] if n_unlike else []
        notes += [f"{n_bad:,} could not be read"] if n_bad else []
        notes += [f"only the first {MOST_INPUTS:,} were answered"] if said[0][1]["more"] else []
        columns = sorted({visible(short(one["column"])) for one in first if one.get("column")})
        notes += [f"texts of the column {plain(', '.join(columns))}"] if columns else []
        st.caption(" · ".join(notes) + ". Select a row to see it below.")
        shown = pd.DataFrame([_row(said, place) for place in range(len(first))])
        if any(picture_of(of, place).is_file() for place in range(min(len(first), PICTURED))):
            shown.insert(0, "picture", [_picture(of, place) for place in range(len(first))])
        event: Any = st.dataframe(
            shown,
            hide_index=True,
            key=f"try-table-{of.token[:6]}",
            on_select="rerun",
            selection_mode="single-row",
            column_config=_columns(shown),
            placeholder="–",
            alt="Inputs with answer, confidence and whether they are unlike the training data",
        )
        csv = safe(table_of(said)).to_csv(index=False).encode("utf-8-sig")
        st.download_button(
            "Answers as csv", csv, f"answers-{said[0][0].id}.csv", "text/csv", icon=":material/download:", key="try-csv"
        )
    picked = event.selection.rows
    return int(picked[0]) if picked and picked[0] < len(first) else 0


def table_of(said: Said) -> pd.DataFrame:
    """All answers in full, an input a row; of two runs, their columns begin with their ids."""
    import pandas as pd

    rows = []
    for place, one in enumerate(said[0][1]["inputs"]):
        row: dict[str, Any] = {"input": one["name"], "text": one["text"], "problem": one["problem"]}
        for run, told in said:
            start = f"{run.id} " if len(said) > 1 else ""
            mine = told["inputs"][place]
            row |= {f"{start}{key}": mine.get(key) for key in ("answer", "confidence", "unlike", "cut")}
            for rank, (name, share) in enumerate(mine.get("top", [])[:5], start=1):
                row |= {f"{start}class_{rank}": name, f"{start}probability_{rank}": share}
        rows.append(row)
    return pd.DataFrame(rows)


def _row(said: Said, place: int) -> dict[str, Any]:
    one = said[0][1]["inputs"][place]
    row: dict[str, Any] = {"input": short(one["text"] or one["name"], 120)}
    for run, told in said:
        start, mine = (f"{run.id}: " if len(said) > 1 else ""), told["inputs"][place]
        confidence = mine.get("confidence")
        row[f"{start}answer"] = visible(mine.get("answer", ""))
        row[f"{start}confidence"] = None if confidence is None else confidence_percent(confidence)
        row[f"{start}note"] = _note(mine)
    return row


def _note(one: Mapping[str, Any]) -> str:
    if one["problem"]:
        return short(one["problem"], 120)
    likeness = "unlike the training data" if one.get("unlike") else ""
    return "; ".join(note for note in (likeness, one.get("cut")) if note)


def _columns(shown: pd.DataFrame) -> dict[str, Any]:
    columns: dict[str, Any] = {"picture": st.column_config.ImageColumn("picture", width="small")}
    for name in shown.columns:
        if str(name).endswith("confidence"):
            columns[str(name)] = st.column_config.NumberColumn(str(name), format="%.1f %%", help=SUREST)
    return columns


def _picture(of: Try, place: int) -> str | None:
    path = picture_of(of, place)
    if place >= PICTURED or not path.is_file():
        return None
    return f"data:image/webp;base64,{b64encode(_small(path.read_bytes())).decode()}"


@st.cache_data(show_spinner=False, max_entries=1_000)
def _small(data: bytes) -> bytes:
    from io import BytesIO

    from PIL import Image

    from tlcore.data.thumbnails import picture

    with Image.open(BytesIO(data)) as image:
        return picture(image.convert("RGB"), SIDE)
