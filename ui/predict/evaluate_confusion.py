"""The confusion matrix, and the samples behind the cell that is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from tlcore.evaluation.calibration import probabilities
from tlcore.evaluation.metrics import confusion
from ui import confusion_chart, model_state, state
from ui.layout import card
from ui.predict.evaluate_pairs import classes_drawn, pairs
from ui.predict.judged import Judged
from ui.predict.samples import samples
from ui.words import visible

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["confusion_card"]

CHART, PAGE = "evaluate-confusion", "cell-page"
DRAWN = (10, 20, 40)
"""Of more classes, so many are drawn: those that are confused most."""
ANY = "any"


def confusion_card(given: Judged) -> None:
    """Draw the card."""
    with card("Confusion matrix", key="confusion-card"):
        matrix = confusion(given.found)
        with st.container(horizontal=True, vertical_alignment="bottom", key="confusion-choices"):
            shares = confusion_chart.shares_wanted("evaluate-cells")
            most = _most(given)
        shown = classes_drawn(matrix, most)
        _matrix(given, matrix, shown, shares=shares)
        if len(shown) < len(matrix):
            st.caption(
                f"The {len(shown)} of {len(matrix):,} classes in the pairs that are confused most. Shares are of all "
                "samples of the true class, also of those that were answered otherwise. The table and the boxes below "
                "have all classes."
            )
        st.caption(f"Rows are the classes of the samples, columns what the model says. {given.source}")
        if len(matrix) > confusion_chart.READABLE:
            pairs(given, matrix, _go_to)
        _cell(given)


def _most(given: Judged) -> int:
    """How many classes are drawn."""
    n = len(given.names)
    options = [one for one in DRAWN if one < n]
    if n <= DRAWN[0] or n <= confusion_chart.READABLE:
        return n
    options = [*options, n] if n <= DRAWN[-1] else options
    fits = state.linked("drawn", options[-1] if n <= DRAWN[-1] else DRAWN[1], lambda value: value in options)
    return int(
        st.selectbox(
            "Classes drawn",
            options,
            format_func=lambda one: f"All {one}" if one == n else f"The {one} most confused",
            width=220,
            **fits,
        )
    )


def _matrix(given: Judged, matrix: NDArray[np.int64], shown: list[int], *, shares: bool) -> None:
    there = set(given.there)
    rows = [one for one in shown if one in there]
    figure = confusion_chart.confusion(
        [given.names[i] for i in rows],
        matrix[np.ix_(rows, shown)].tolist(),
        shares=shares,
        columns=[given.names[i] for i in shown],
        totals=matrix.sum(1)[rows].tolist(),
    )
    true, answer = (st.query_params.get(name, ANY) for name in ("true", "answer"))
    at = (answer.isdecimal() and int(answer) in shown) and (true.isdecimal() and int(true) in rows)
    confusion_chart.clickable(figure, (shown.index(int(answer)), rows.index(int(true))) if at else None)
    key = f"{CHART}-{true}-{answer}-{len(shown)}"  # a new one with each cell, for what is selected dims the rest

    def follow() -> None:
        for point in model_state.points(key):
            _go_to(rows[round(float(str(point["y"])))], shown[round(float(str(point["x"])))])

    place = st.container(key=CHART)
    place.plotly_chart(
        figure,
        key=key,
        on_select=follow,
        selection_mode="points",
        config={"displaylogo": False, "displayModeBar": False, "scrollZoom": False},
        alt=f"Confusion matrix of {len(shown)} classes; the boxes below choose a cell, the table has figures.",
    )


def _go_to(true: int, answer: int) -> None:
    """Choose a cell."""
    st.query_params["true"], st.query_params["answer"] = str(true), str(answer)
    st.query_params.pop(PAGE, None)


def _cell(given: Judged) -> None:
    names, every = given.names, list(range(len(given.names)))
    st.markdown("**Samples of a cell**: click on it, or choose its classes.")
    left, right = st.columns(2)
    with left:
        true = _class(given, "true", "True class", given.there)
    with right:
        answer = _class(given, "answer", "Answered", every)
    if true == answer == ANY:
        return
    found = given.found
    fits = np.ones(len(found.labels), bool)
    if true != ANY:
        fits &= found.labels == int(true)
    if answer != ANY:
        fits &= found.answers == int(answer)
    places = np.flatnonzero(fits)
    said = [f"{len(places):,} of {len(found.labels):,} samples"]
    said += [f"are {visible(names[int(true)])}"] if true != ANY else []
    said += [f"were answered {visible(names[int(answer)])}"] if answer != ANY else []
    st.text(f"{said[0]} {' and '.join(said[1:])}.")
    if len(places):
        sure = probabilities(found.logits[places], given.temperature).max(1)
        samples(given, places[np.argsort(-sure, kind="stable")].tolist(), key=PAGE)


def _class(given: Judged, key: str, title: str, numbers: list[int]) -> str:
    """A class by its number, which is also in the URL."""
    options = [ANY, *map(str, numbers)]
    asked = st.query_params.get(key, ANY)
    state.write({f"cell-{key}": asked if asked in options else ANY})

    def follow() -> None:
        chosen = state.entered(f"cell-{key}")
        st.query_params.pop(PAGE, None)
        if chosen == ANY:
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = chosen

    return st.selectbox(
        title,
        options,
        format_func=lambda one: "Any class" if one == ANY else visible(given.names[int(one)]),
        key=f"cell-{key}",
        on_change=follow,
    )
