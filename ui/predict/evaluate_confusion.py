"""The confusion matrix, and the samples behind the cell that is chosen."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from tlcore.evaluation.metrics import confusion
from ui import charts, model_state
from ui.layout import card
from ui.predict.judged import Judged
from ui.predict.samples import samples
from ui.words import visible

__all__ = ["confusion_card"]

CHART, PAGE = "evaluate-confusion", "cell-page"
MOST = 40
"""Classes that a matrix is drawn of: those that are confused most."""
ANY = "any"


def confusion_card(given: Judged) -> None:
    """Draw the card."""
    with card("Confusion matrix", key="confusion-card"):
        matrix = confusion(given.found)
        shown = _shown(matrix)
        if len(shown) < len(matrix):
            st.caption(f"The {len(shown)} classes of {len(matrix):,} that are confused most; the boxes below have all.")
        what = st.radio(
            "Cells show",
            ["Counts", "Shares of the true class"],
            horizontal=True,
            key="evaluate-cells",
            persist_state="session",
        )
        figure = charts.confusion(
            [given.dataset.classes[i] for i in shown], matrix[np.ix_(shown, shown)].tolist(), shares=what != "Counts"
        )
        true, answer = (st.query_params.get(name, ANY) for name in ("true", "answer"))
        at = [shown.index(int(one)) for one in (answer, true) if one.isdecimal() and int(one) in shown]
        charts.clickable(figure, len(shown), (at[0], at[1]) if len(at) == 2 else None)
        key = f"{CHART}-{true}-{answer}"  # a new one with each cell, for what is selected dims the rest

        def follow() -> None:
            for point in model_state.points(key):
                row, column = (shown[round(float(str(point[axis])))] for axis in ("y", "x"))
                st.query_params["true"], st.query_params["answer"] = str(row), str(column)
                st.query_params.pop(PAGE, None)

        place = st.container(key=CHART)
        place.plotly_chart(
            figure,
            key=key,
            on_select=follow,
            selection_mode="points",
            config={"displaylogo": False, "displayModeBar": False, "scrollZoom": False},
            alt=f"Confusion matrix of {len(shown)} classes; the boxes below choose a cell, the table has figures.",
        )
        _cell(given)


def _shown(matrix: np.ndarray[Any, Any]) -> list[int]:
    """Places of the classes that are drawn, ascending."""
    if len(matrix) <= MOST:
        return list(range(len(matrix)))
    wrong = matrix.sum(0) + matrix.sum(1) - 2 * matrix.diagonal()
    return sorted(np.argsort(-wrong, kind="stable")[:MOST].tolist())


def _cell(given: Judged) -> None:
    names = given.dataset.classes
    st.markdown("**Samples of a cell**: click on it, or choose its classes.")
    left, right = st.columns(2)
    with left:
        true = _class(given, "true", "True class")
    with right:
        answer = _class(given, "answer", "Answered")
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
        samples(given, places[np.argsort(-found.confidence[places], kind="stable")].tolist(), key=PAGE)


def _class(given: Judged, key: str, title: str) -> str:
    """A class by its number, which is also in the URL."""
    options = [ANY, *map(str, range(len(given.dataset.classes)))]
    asked = st.query_params.get(key, ANY)
    st.session_state[f"cell-{key}"] = asked if asked in options else ANY

    def follow() -> None:
        chosen = st.session_state[f"cell-{key}"]
        st.query_params.pop(PAGE, None)
        if chosen == ANY:
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = chosen

    return st.selectbox(
        title,
        options,
        format_func=lambda one: "Any class" if one == ANY else visible(given.dataset.classes[int(one)]),
        key=f"cell-{key}",
        on_change=follow,
    )
