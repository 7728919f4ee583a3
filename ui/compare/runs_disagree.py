"""The test samples on which two runs do not answer alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from tlcore.data import Dataset
from tlcore.errors import DataError
from tlcore.runs.comparison import Comparison
from tlcore.runs.disagreement import KINDS, disagreements
from ui import state
from ui.data.sample import open_sample
from ui.data.tiles import CHARACTERS, tiles
from ui.layout import card
from ui.words import confidence, short, visible

__all__ = ["disagree"]

A_PAGE = 24


def disagree(dataset_id: str, found: Comparison, names: Mapping[str, str]) -> None:
    """Draw the card: which two, who is right, and a page of the samples."""
    with card("Where they disagree", key="runs-disagree-card"):
        try:
            dataset = state.dataset(dataset_id)
        except DataError:
            st.info("The dataset was deleted, so its samples cannot be shown.", icon=":material/folder_off:")
            return
        a, b = _two(found, names)
        if a == b:
            st.info("Choose two different runs.", icon=":material/touch_app:")
            return
        sets = disagreements(found, a, b)
        kind = state.segment("right", list(KINDS), lambda key: f"{KINDS[key]} ({len(sets[key]):,})", label="Show")
        if places := _page(sets[kind].tolist()):
            _shown(dataset, found, (a, b), places)


def _two(found: Comparison, names: Mapping[str, str]) -> tuple[str, str]:
    picked: list[str] = []
    for place, (column, key) in enumerate(zip(st.columns(2), ("a", "b"), strict=True)):
        held = state.linked(key, found.runs[place], lambda value: value in found.runs)
        with column:
            picked.append(
                st.selectbox(key.upper(), found.runs, format_func=lambda run: visible(names[run]), **_anew(held))
            )
    return picked[0], picked[1]


def _anew(held: dict[str, Any]) -> dict[str, Any]:
    """Another choice begins at the first page."""
    follow = held["on_change"]

    def changed() -> None:
        follow()
        st.query_params.pop("page", None)

    return {**held, "on_change": changed}


def _page(places: list[int]) -> list[int]:
    if not places:
        st.info("There is no such sample on test.", icon=":material/check_circle:")
        return []
    n, page = -(-len(places) // A_PAGE), 1
    if n > 1:
        page = st.pagination(n, **state.linked("page", 1, lambda value: 1 <= value <= n))
    return places[(page - 1) * A_PAGE : page * A_PAGE]


def _shown(dataset: Dataset, found: Comparison, pair: Sequence[str], places: Sequence[int]) -> None:
    """Images as tiles, texts as rows; a click opens the sample."""
    rows = [int(found.rows[place]) for place in places]
    answers = [[_answer(dataset, found, run, place) for run in pair] for place in places]
    if dataset.modality == "image":
        notes = [f"A {a}\nB {b}" for a, b in answers]
        opened = tiles(dataset, rows, key="disagree-images", notes=notes)
    else:
        opened = _texts(dataset, rows, answers)
    st.caption(
        f"The true class, then each run's answer and its confidence{_cooled(found, pair)}; the most confident mistakes "
        "come first."
    )
    if opened is not None:
        open_sample(dataset, opened)


def _cooled(found: Comparison, pair: Sequence[str]) -> str:
    """Which temperatures the confidences are made with; nothing where none was fitted."""
    by = dict(zip(found.runs, found.temperatures, strict=True))
    told = [f"{letter} {by[run]:.2f}" for letter, run in zip("AB", pair, strict=True) if by[run] != 1.0]
    return f", with the temperature fitted on val ({', '.join(told)})" if told else ""


def _answer(dataset: Dataset, found: Comparison, run: str, place: int) -> str:
    i = found.runs.index(run)
    said = visible(dataset.classes[int(found.answers[i, place])])
    return f"{said} {confidence(float(found.confidence[i, place]))}"


def _texts(dataset: Dataset, rows: Sequence[int], answers: Sequence[Sequence[str]]) -> int | None:
    import pandas as pd

    known = dataset.manifest().iloc[list(rows)]
    table = pd.DataFrame(
        {
            "text": [short(text, CHARACTERS) for text in known["sample"]],
            "true": [visible(dataset.classes[label]) for label in known["label"]],
            "A": [a for a, _ in answers],
            "B": [b for _, b in answers],
        }
    )
    event: Any = st.dataframe(
        table,
        hide_index=True,
        key="disagree-texts",
        on_select="rerun",
        selection_mode="single-row",
        column_config={"text": st.column_config.TextColumn("text", width="large")},
        alt="Texts on which the two runs disagree, with the true class and both answers",
    )
    picked = event.selection.rows
    return rows[picked[0]] if picked and picked[0] < len(rows) else None
