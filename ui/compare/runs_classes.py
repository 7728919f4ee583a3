"""The scores of each class, run by run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from tlcore.runs import Run
from ui import state
from ui.charts import MOST_CLASSES
from ui.compare.runs_chart import heat
from ui.layout import card, drawer
from ui.words import percent, visible

__all__ = ["classes"]

SCORES = {"f1": "F1", "recall": "Recall", "precision": "Precision"}


def classes(chosen: Sequence[Run], names: Mapping[str, str]) -> None:
    """Draw the card: where the runs differ most first; the runs come with their reports."""
    known = [run for run in chosen if run.report]
    if not known:
        return
    with card("Each class on the test split", key="runs-classes-card"):
        which = state.segment("class-score", list(SCORES), SCORES.__getitem__, label="Score")
        rows = _rows(known, which)
        titles = [names[run.id] for run in known]
        shown = rows[:MOST_CLASSES]
        low = min(min(values) for _, values in shown)
        heat(
            [[(value - low) / max(1 - low, 1e-9) for value in values] for _, values in shown],
            [[percent(value) for value in values] for _, values in shown],
            [name for name, _ in shown],
            titles,
            key="runs-classes",
            alt=f"{SCORES[which]} of {len(shown)} classes for {len(known)} runs; the table has all of them.",
        )
        more = f" The first {MOST_CLASSES} of {len(rows):,} classes; the table has all." if shown != rows else ""
        if len(known) > 1:
            st.caption(f"Classes on which these runs differ most come first.{more}")
        elif more:
            st.caption(more.strip())
        _table(rows, titles)


def _rows(known: Sequence[Run], which: str) -> list[tuple[str, list[float]]]:
    """Name and scores of each class, by the difference between the highest and the lowest."""
    by_run = [{row["name"]: float(row[which]) for row in run.report["per_class"]} for run in known if run.report]
    rows = [(name, [found[name] for found in by_run]) for name in by_run[0] if all(name in found for found in by_run)]
    return sorted(rows, key=lambda row: min(row[1]) - max(row[1]))


def _table(rows: Sequence[tuple[str, Sequence[float]]], titles: Sequence[str]) -> None:
    import pandas as pd

    box = drawer("As a table", icon=":material/table_rows:", key="runs-classes-table")
    if box is None:
        return
    with box:
        table = pd.DataFrame([[visible(name), *(100 * v for v in values)] for name, values in rows])
        table.columns = pd.Index(["Class", *map(visible, titles)])
        number = st.column_config.NumberColumn(format="%.1f %%")
        st.dataframe(
            table,
            hide_index=True,
            key="runs-classes-figures",
            column_config={visible(title): number for title in titles},
            alt="Scores of each class, run by run",
        )
