"""The pairs of classes that are confused most, as a table: what a matrix of many classes cannot show."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from ui import state
from ui.predict.judged import Judged
from ui.words import visible

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["classes_drawn", "most_confused", "pairs"]

MOST = 100


def most_confused(matrix: NDArray[np.int64], most: int = MOST) -> list[tuple[int, int]]:
    """(true, answer) of the wrong cells that hold samples, the fullest first."""
    rows, columns = np.nonzero(matrix)
    wrong = rows != columns
    rows, columns = rows[wrong], columns[wrong]
    order = np.argsort(-matrix[rows, columns], kind="stable")[:most]
    return list(zip(rows[order].tolist(), columns[order].tolist(), strict=True))


def classes_drawn(matrix: NDArray[np.int64], most: int) -> list[int]:
    """Classes (at most so many, ascending) of the pairs that are confused most; those with most errors fill up."""
    if len(matrix) <= most:
        return list(range(len(matrix)))
    errors = matrix.sum(0) + matrix.sum(1) - 2 * matrix.diagonal()
    found: dict[int, None] = {}
    for pair in most_confused(matrix, most):
        if len(found) + 2 <= most:
            found |= dict.fromkeys(pair)
    for one in np.argsort(-errors, kind="stable").tolist():
        if len(found) < most:
            found.setdefault(one)
    return sorted(found)


def pairs(given: Judged, matrix: NDArray[np.int64], choose: Callable[[int, int], None]) -> None:
    """Draw the table; `choose` is told the classes of the row that is clicked."""
    import pandas as pd

    found = most_confused(matrix)
    if not found:
        return
    totals = np.maximum(matrix.sum(1), 1)
    table = pd.DataFrame(
        {
            "true": [visible(given.names[i]) for i, _ in found],
            "answer": [visible(given.names[j]) for _, j in found],
            "count": [int(matrix[i, j]) for i, j in found],
            "share": [100 * float(matrix[i, j] / totals[i]) for i, j in found],
        }
    )
    key = f"evaluate-pairs-{given.key}"

    def follow() -> None:
        chosen: Any = state.entered(key)
        for row in chosen.selection.rows:
            choose(*found[row])

    st.markdown("**Confused most**: a click on a row shows its samples.")
    st.dataframe(
        table,
        hide_index=True,
        height=36 * min(9, 1 + len(found)),
        key=key,
        on_select=follow,
        selection_mode="single-row",
        column_config={
            "true": st.column_config.TextColumn("True class", width="medium"),
            "answer": st.column_config.TextColumn("Answered", width="medium"),
            "count": st.column_config.NumberColumn("Samples", format="%d"),
            "share": st.column_config.NumberColumn("Of the true class", format="%.1f %%"),
        },
        alt="The pairs of classes that are confused most, with the number of samples",
    )
