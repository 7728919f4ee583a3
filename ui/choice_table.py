"""Tables that one chooses in: a click on a row chooses what it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from ui import model_state

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["choice_table"]

ROW = 35
"""Pixels."""


def choice_table(
    table: pd.DataFrame,
    names: Sequence[str],
    chosen: str | None,
    choose: Callable[[str | None], None],
    *,
    key: str,
    tallest: int,
    columns: Mapping[str, Any],
    alt: str,
) -> None:
    """Draw it with the row of what is chosen selected.

    Args:
        names: What each row is about.
        choose: Is given the name of the row that was clicked, None where the selected one was clicked away.
        tallest: Pixels, beyond which it scrolls.
    """
    model_state.set_rows(key, [names.index(chosen)] if chosen in names else [])

    def follow() -> None:
        rows = model_state.rows(key)
        choose(names[rows[0]] if rows else None)

    st.dataframe(
        table,
        hide_index=True,
        key=key,
        height=min(tallest, 3 + ROW * (1 + len(names))),
        column_config=dict(columns),
        on_select=follow,
        selection_mode="single-row",
        placeholder="–",
        alt=alt,
    )
