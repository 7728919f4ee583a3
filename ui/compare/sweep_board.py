"""How a sweep stands: progress, parallel coordinates, the leaderboard, and what to do with the winner."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from tlcore.data import load_dataset
from tlcore.errors import DataError
from tlcore.home import home
from tlcore.runs.sweeps import Ledger, Row, Standing, Sweep, at_work, standing, tie
from tlcore.training import Recipe
from ui import state
from ui.compare.sweep_controls import controls
from ui.guard import guard
from ui.layout import card
from ui.models import latencies, millions
from ui.naming import option_title
from ui.parallel import parallel, varying
from ui.recipe_file import load
from ui.words import duration, percent, plain, visible

if TYPE_CHECKING:
    import pandas as pd

    from tlcore.runs import Run

__all__ = ["board", "frame"]

TALLEST, ROW = 460, 35
"""Pixels of the table and of a row."""
BEST, MOST_TIED = 3, 4
"""Trials to lay side by side: the best, and of those that cannot be told apart so many."""
EPOCHS = (
    "Epochs finished, of those planned. One that is pruned may be past the epoch that its reason names, since its "
    "worker hears of it a moment later."
)
TOOK = (
    "Work on its training; the winner's scoring on test is not counted. The first trial of a model computes features "
    "that later ones find stored, so this says little of what a model costs to run: its parameters and latency do."
)


def board(sweep_id: str, was_live: bool) -> None:
    """Everything that moves; drawn again each second while the sweep is at work."""
    with guard():
        studio = state.studio()
        ledger = Ledger(studio.store)
        sweep = ledger.sweep(sweep_id)
        trials, runs = ledger.trials(sweep_id), studio.store.trials(sweep_id)
        stands = standing(sweep, trials, runs, _n_val(sweep), studio.slots(), time.time())
        _progress(sweep, stands, _doing(sweep, runs))
        controls(sweep)
        _winner(sweep, stands)
        names = varying([row.values for row in stands.rows])
        with card("Trials", key="sweep-trials"):
            if any(row.val_accuracy is not None for row in stands.rows):
                parallel(stands.rows, names, key="sweep-parallel")
                st.caption("Drag along an axis to keep only the trials that pass there.")
            _table(stands, names)
        if was_live != sweep.live:
            st.rerun()


def frame(rows: tuple[Row, ...], names: list[str]) -> pd.DataFrame:
    """A row for each trial, the best first."""
    import pandas as pd

    made = pd.DataFrame([_row(row, names, latencies()) for row in rows])
    return made.drop(columns=[name for name in ("latency",) if made[name].isna().all()])


def _progress(sweep: Sweep, stands: Standing, doing: str) -> None:
    best = next((row for row in stands.rows if row.rank == 1), None)
    low, high = (best.interval if best else None) or (None, None)
    numbers = {
        "State": sweep.state,
        "Trials over": f"{stands.done:,} / {stands.most:,}",
        "Pruned": f"{sum(row.state == 'pruned' for row in stands.rows):,}",
        "Best val accuracy": percent(best.val_accuracy) if best else "–",
        "Worked": duration(sweep.worked),
    }
    if sweep.live:
        numbers |= _left(stands)
    with st.container(horizontal=True, key="sweep-numbers"):
        for name, value in numbers.items():
            about = None if low is None or name != "Best val accuracy" else f"95 %: {percent(low)} to {percent(high)}"
            st.metric(name, value, border=True, help=about)
    if sweep.live:
        st.progress(stands.done / max(1, stands.most), text=plain(doing))
    if sweep.reason:
        (st.error if sweep.state == "failed" else st.info)(plain(sweep.reason), icon=":material/info:")


def _left(stands: Standing) -> dict[str, str]:
    """An estimate where there is a pace, else the bound that the budget is."""
    if stands.left is None and stands.limit is not None:
        return {"Left, at most": duration(stands.limit)}
    return {"Left, about": "–" if stands.left is None else duration(stands.left)}


def _doing(sweep: Sweep, runs: Sequence[Run]) -> str:
    """What goes on, in words."""
    if not at_work(runs):
        return "waiting for a free slot"
    return sweep.activity or "training trials"


def _winner(sweep: Sweep, stands: Standing) -> None:
    row = next((row for row in stands.rows if row.run and row.run == sweep.winner), None)
    if row is None or sweep.live:
        return
    with card("Winner", key="sweep-winner", icon=":material/trophy:"):
        test = f" and **{percent(row.test_accuracy)}** of test" if row.test_accuracy is not None else ""
        st.markdown(f"Trial {row.number} got **{percent(row.val_accuracy)}** of val right{test}.")
        if tied := tie(stands):
            st.markdown(tied)
        st.caption(
            "Val picked the winner, so its val accuracy flatters: the best of many is partly luck. The test split was "
            "read once, for the winner alone, so its figure is fair; it is not shown for the others, that nobody "
            "chooses by it."
            if row.test_accuracy is not None
            else "The test split has not been read."
        )
        with st.container(horizontal=True, vertical_alignment="center", key="sweep-use"):
            if st.button("Use the winner's recipe", type="primary", icon=":material/tune:", key="sweep-use-recipe"):
                _use(row)
            st.page_link(
                "pages/train.py", label="See its training", icon=":material/monitoring:", query_params={"run": row.run}
            )
            _side_by_side(sweep, stands)


def _side_by_side(sweep: Sweep, stands: Standing) -> None:
    best = [row.run for row in stands.rows if row.run and row.comparable]
    best = best[: max(BEST, min(MOST_TIED, stands.tied))]
    if len(best) > 1:
        words = f"The best {len(best)} side by side"
        if st.button(words, icon=":material/compare_arrows:", key="sweep-best"):
            about = {"view": "runs", "dataset": sweep.dataset, "runs": ",".join(best)}
            st.switch_page("pages/compare.py", query_params=about)


def _use(row: Row) -> None:
    with guard():
        recipe = Recipe.from_dict(state.studio().run(row.run or "").recipe)
        load(recipe, state.dataset(recipe.dataset))
        state.remember("dataset", recipe.dataset)
        about = {"dataset": recipe.dataset, "backbone": recipe.backbone, "strategy": recipe.strategy.name}
        st.switch_page("pages/strategy.py", query_params=about)


def _table(stands: Standing, names: list[str]) -> None:
    if not stands.rows:
        st.caption("The first trial is about to start.")
        return
    column = st.column_config
    st.dataframe(
        frame(stands.rows, names),
        hide_index=True,
        key="sweep-table",
        height=min(TALLEST, 3 + ROW * (1 + len(stands.rows))),
        placeholder="–",
        alt=f"{len(stands.rows)} trials, the best first",
        column_config={
            "rank": column.NumberColumn("#", width=40),
            "trial": column.NumberColumn("Trial", width=50),
            "run": column.LinkColumn("Run", display_text=r"run=(.+)$", width=120),
            "val": column.NumberColumn("Val (%)", format="%.1f", width=70),
            "interval": column.TextColumn("95 %", width=110, help="Wilson's interval of the val accuracy."),
            "state": column.TextColumn("State", width=90),
            "why": column.TextColumn("Why it ended", width=240),
            **{f"{name} ": column.Column(option_title(name)) for name in names},
            "epochs": column.TextColumn("Epochs done", width=100, help=EPOCHS),
            "millions": column.NumberColumn("Parameters (M)", format="%.1f", width=110, help="Of the model."),
            "latency": column.NumberColumn(
                "Latency (ms)",
                format="%.1f",
                width=100,
                help="Of the model for one sample, measured here.",
            ),
            "took": column.TextColumn("Took", width=80, help=TOOK),
        },
    )


def _row(row: Row, names: list[str], known: Mapping[str, float | None]) -> dict[str, Any]:
    low, high = row.interval or (None, None)
    model = str(row.values.get("backbone"))
    return {
        "rank": row.rank,
        "trial": row.number,
        "run": f"train?run={row.run}" if row.run else None,
        "val": None if row.val_accuracy is None else 100 * row.val_accuracy,
        "interval": None if low is None or high is None else f"{100 * low:.1f} to {100 * high:.1f}",
        "state": ("✂ " if row.state == "pruned" else "") + row.state,
        "why": visible(row.reason),
        **{f"{name} ": _shown(row.values.get(name)) for name in names},
        "epochs": f"{row.epoch}/{row.epochs}",
        "millions": millions(model),
        "latency": known.get(model),
        "took": duration(row.seconds),
    }


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    return visible(value.replace("_", " ")) if isinstance(value, str) else json.dumps(value)


def _n_val(sweep: Sweep) -> int:
    try:
        return len(load_dataset(home(), sweep.dataset).rows("val"))
    except DataError:
        return 0
