"""Runs: trained models side by side, as far as their data is the same."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tlcore.home import home
from tlcore.runs import Run
from tlcore.runs.comparison import differences, unlike
from ui import state
from ui.compare.runs_chart import AXES, curves
from ui.compare.runs_classes import classes
from ui.compare.runs_cost import cost
from ui.compare.runs_disagree import disagree
from ui.compare.runs_scores import compared, scores
from ui.guard import guard
from ui.layout import card, drawer, empty
from ui.naming import run_title
from ui.report import report_button
from ui.run_filters import chosen as passed
from ui.run_filters import filters, kept
from ui.words import duration, percent, plain, visible

__all__ = ["MOST", "runs"]

MOST = 8
"""Curves that are still told apart."""
AT_FIRST = 3
LISTED = 500
MOST_SMOOTHING = 0.99
METRICS = {"val_accuracy": "Val accuracy", "val_loss": "Val loss", "train_loss": "Train loss"}


def runs() -> None:
    """Draw the view."""
    known = [run for run in state.studio().runs(LISTED) if run.best_epoch]
    if not known:
        empty("There are no trained models to compare yet.", page="strategy", action="Choose a strategy")
        return
    with card("Which of these models is better?", key="runs-card"):
        chosen = _chosen(known)
    if not chosen:
        st.info("Choose the runs to lay side by side.", icon=":material/touch_app:")
        return
    with guard():
        full, names = [state.studio().store.run(run.id) for run in chosen], _names(chosen)
        found = compared(chosen)
        report_button([run.id for run in chosen])
        scores(full, found, names)
        if found is not None and len(found.runs) > 1:
            disagree(chosen[0].dataset, found, names)
        _curves(chosen)
        classes(full, names)
        cost(chosen, found, names)
        _recipes(chosen)


def _chosen(known: Sequence[Run]) -> list[Run]:
    """Runs of one dataset; those of others are not offered, and a link that mixes them is told why not."""
    asked = [one for one in st.query_params.get("runs", "").split(",") if one]
    by_id = {run.id: run for run in known}
    linked = [by_id[one] for one in asked if one in by_id]
    reason = unlike(home(), linked)
    names = {run.dataset: run.dataset_name for run in known}
    if linked and "dataset" not in st.query_params:
        state.remember("dataset", linked[0].dataset)
    dataset = state.pick("dataset", list(names), lambda key: f"{visible(names[key])} · {key}", label="Trained on")
    offered = [run for run in known if run.dataset == dataset]
    fit = _fitting(offered)
    ids = [run.id for run in offered if run.id in fit or run.id in asked]
    here = [one for one in asked if one in ids][:MOST]
    if here != asked:
        state.narrow("runs", here)
    if reason:
        others = ", ".join(plain(run_title(run)) for run in linked if run.id not in here)
        st.warning(f"{plain(reason)} Left out: {others}.", icon=":material/call_split:")
    held = state.linked("runs", ids[:AT_FIRST], lambda value: set(value) <= set(ids) and len(value) <= MOST)
    picked: list[str] = st.multiselect(
        "Runs",
        ids,
        format_func=lambda key: run_title(by_id[key]),
        max_selections=MOST,
        help="Only runs on the same samples with the same split: a score on one test split says nothing about another.",
        **held,
    )
    return [by_id[one] for one in picked]


def _fitting(offered: Sequence[Run]) -> set[str]:
    """Ids of those that pass the filters, drawn or not."""
    box = drawer(f"Which runs are offered ({len(offered):,})", icon=":material/filter_list:", key="runs-offered")
    if box is None:
        return {run.id for run in passed(offered, kept(offered))}
    with box:
        fit = {run.id for run in passed(offered, filters(offered))}
        if not fit:
            st.caption("No run is like that. Widen the filters.")
    return fit


def _curves(chosen: Sequence[Run]) -> None:
    with card("Curves", key="runs-curves-card"):
        with st.container(horizontal=True, key="runs-axes"):
            metric = state.segment("metric", list(METRICS), METRICS.__getitem__, label="Curve")
            axis = state.segment("over", list(AXES), lambda key: AXES[key][0], label="Over")
            share = st.slider(
                "Smoothing",
                0.0,
                MOST_SMOOTHING,
                step=0.01,
                width=220,
                help="A moving average over the epochs; 0 shows them alone.",
                **state.linked("smooth", 0.0, lambda value: 0 <= value <= MOST_SMOOTHING),
            )
        curves(chosen, metric, METRICS[metric], axis, list(_names(chosen).values()), share)


def _recipes(chosen: Sequence[Run]) -> None:
    import pandas as pd

    names = _names(chosen)
    with card("What differs", key="runs-recipes-card"):
        rows = {
            "val accuracy": [percent(run.val_accuracy) for run in chosen],
            "best epoch": [str(run.best_epoch) for run in chosen],
            "time of work": [duration(run.seconds(run.finished or run.created)) for run in chosen],
        }
        for name, given in differences([run.recipe for run in chosen]).items():
            rows[name] = ["–" if value is None else visible(value) for value in given]
        table = pd.DataFrame(rows, index=[visible(name) for name in names.values()]).T
        st.dataframe(
            table, key="runs-recipes", alt="What differs between the runs: scores, time, and values of recipes"
        )
        st.caption("Only values that are not the same in all of them.")


def _names(chosen: Sequence[Run]) -> dict[str, str]:
    """By id; where two have one name, the id, before it, tells them apart."""
    names = [run.name for run in chosen]
    return {run.id: run.name if names.count(run.name) == 1 else f"{run.id} · {run.name}" for run in chosen}
