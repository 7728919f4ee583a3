"""All runs in a table that is filtered above it; a click on a row shows that run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from tlcore.runs import Run
from ui import state
from ui.choice_table import choice_table
from ui.layout import drawer
from ui.run_filters import chosen, filters
from ui.words import duration, visible

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["frame", "run_table"]

KEY = "run-table"
TALLEST = 420
"""Pixels."""


def run_table(runs: Sequence[Run], current: str) -> None:
    """Draw filters and table, with the current run's row selected."""
    box = drawer(f"All runs ({len(runs):,})", icon=":material/list:", key="all-runs")
    if box is None:
        return
    with box:
        shown = chosen(runs, filters(runs))
        if not shown:
            st.caption("No run is like that. Widen the filters above.")
            return
        ids = [run.id for run in shown]
        choice_table(
            frame(shown, time.time()),
            ids,
            current,
            lambda run: state.choose("run", run) if run else None,
            key=KEY,
            tallest=TALLEST,
            columns=_columns(),
            alt=f"{len(shown)} runs with their states and scores",
        )


def frame(runs: Sequence[Run], now: float) -> pd.DataFrame:
    """A row for each run."""
    import pandas as pd

    return pd.DataFrame([_row(run, now) for run in runs])


def _row(run: Run, now: float) -> dict[str, Any]:
    return {
        "star": "★" if run.starred else "",
        "name": visible(run.name),
        "status": run.status,
        "user": visible(run.user) or None,
        "tags": [visible(tag) for tag in run.tags],
        "val": None if run.val_accuracy is None else 100 * run.val_accuracy,
        "test": None if run.test_accuracy is None else 100 * run.test_accuracy,
        "took": duration(run.seconds(now)) if run.started else None,
        "created": pd_time(run.created),
        "dataset": visible(run.dataset_name),
        "backbone": visible(run.backbone),
        "strategy": run.strategy.replace("_", " "),
    }


def pd_time(then: float) -> Any:
    """The server's local time."""
    import pandas as pd

    return pd.Timestamp.fromtimestamp(then)


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "star": column.TextColumn("★", width=30),
        "name": column.TextColumn("Run", pinned=True, width=220),
        "status": column.TextColumn("State", width=90),
        "user": column.TextColumn("Whose", width=90),
        "tags": column.ListColumn("Tags", width=120),
        "val": column.NumberColumn("Val (%)", format="%.1f", width=70, help="Accuracy of the best epoch."),
        "test": column.NumberColumn("Test (%)", format="%.1f", width=70),
        "took": column.TextColumn("Took", width=90),
        "created": column.DatetimeColumn("Asked for", format="YYYY-MM-DD HH:mm", width=130),
        "dataset": column.TextColumn("Data"),
        "backbone": column.TextColumn("Backbone"),
        "strategy": column.TextColumn("Strategy"),
    }
