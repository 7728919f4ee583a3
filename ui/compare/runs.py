"""Runs: trained models side by side, as far as their data is the same."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tlcore.home import home
from tlcore.runs import Run, jobs
from tlcore.runs.comparison import Comparison, answers_of, compare, differences, unlike, words
from ui import state
from ui.compare.runs_chart import AXES, curves, intervals
from ui.guard import guard
from ui.layout import card, empty
from ui.words import ago, duration, percent, plain, visible

__all__ = ["MOST", "runs"]

MOST = 8
"""Curves that are still told apart."""
AT_FIRST = 3
LISTED = 500
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
        found = compare(home(), chosen)
        _scores(chosen, found)
        _curves(chosen)
        _recipes(chosen)


def _chosen(known: Sequence[Run]) -> list[Run]:
    """Runs of one dataset; those of others are not offered, and a link that mixes them is told why not."""
    asked = [one for one in st.query_params.get("runs", "").split(",") if one]
    by_id = {run.id: run for run in known}
    linked = [by_id[one] for one in asked if one in by_id]
    if reason := unlike(home(), linked):
        st.warning(plain(reason), icon=":material/call_split:")
    names = {run.dataset: run.dataset_name for run in known}
    if linked and "dataset" not in st.query_params:
        st.query_params["dataset"] = linked[0].dataset
    dataset = state.pick("dataset", list(names), lambda key: f"{visible(names[key])} · {key}", label="Trained on")
    offered = [run for run in known if run.dataset == dataset]
    ids = [run.id for run in offered]
    held = state.linked("runs", ids[:AT_FIRST], lambda value: set(value) <= set(ids) and len(value) <= MOST)
    picked: list[str] = st.multiselect(
        "Runs",
        ids,
        format_func=lambda key: f"{visible(by_id[key].name)} · {ago(by_id[key].created)} · {key}",
        max_selections=MOST,
        help="Only runs on the same samples with the same split: a score on one test split says nothing about another.",
        **held,
    )
    return [by_id[one] for one in picked]


def _scores(chosen: Sequence[Run], found: Comparison | None) -> None:
    with card("On the test split", key="scores-card"):
        _missing(chosen)
        if found is None:
            if not any(run.test_accuracy is not None for run in chosen):
                st.info("None of these runs has been scored on test.", icon=":material/hourglass_empty:")
            return
        names = _names(chosen)
        draw_names = [names[run] for run in found.runs]
        intervals(found, draw_names)
        st.caption(
            f"{len(found.rows):,} test samples; the lines are where 95 of 100 resamples lie (bootstrap, percentiles). "
            "Choosing a model by these scores uses the test split up: choose by val, and read test once."
        )
        _pairs(found, dict(zip(found.runs, draw_names, strict=True)))


def _pairs(found: Comparison, names: dict[str, str]) -> None:
    """What McNemar's test says of each two."""
    accuracy = {score.run: score.accuracy for score in found.scores}
    for pair in found.pairs:
        icon = ":material/check_circle:" if pair.shown else ":material/drag_handle:"
        said = words(pair, (accuracy[pair.a], accuracy[pair.b]))
        st.markdown(f"{icon} **A** {plain(names[pair.a])}, **B** {plain(names[pair.b])}: {plain(said)}.")
    if found.pairs:
        holm = f" The {len(found.pairs)} p-values are Holm's." if len(found.pairs) > 1 else ""
        st.caption(f"McNemar's test on the same samples, exact where few differ; shown means p < 0.05.{holm}")


def _missing(chosen: Sequence[Run]) -> None:
    """Runs from before answers were kept, and the button that scores them again."""
    old = [run for run in chosen if run.test_accuracy is not None and answers_of(home(), run) is None]
    about = [{"run": run.id, "split": "test", "epoch": run.best_epoch} for run in old]
    live = [one for one in about if jobs.look(home(), "predictions", one).live]
    if not old:
        return
    were = "was" if len(old) == 1 else "were"
    st.info(
        f"{len(old)} of these {were} scored before the single answers were kept. Scoring again uses the same weights "
        "on the same samples, so the figures stay as they are.",
        icon=":material/history:",
    )
    if live:
        from ui.job import progress

        progress("predictions", live[0], key="predictions")
    elif st.button("Score them again", icon=":material/replay:", key="ask-predictions"):
        for one in about:
            jobs.again(home(), "predictions", one)
        st.rerun()


def _curves(chosen: Sequence[Run]) -> None:
    with card("Curves", key="runs-curves-card"):
        with st.container(horizontal=True, key="runs-axes"):
            metric = state.segment("metric", list(METRICS), METRICS.__getitem__, label="Curve")
            axis = state.segment("by", list(AXES), lambda key: AXES[key][0], label="Over")
        curves(chosen, metric, METRICS[metric], axis, list(_names(chosen).values()))


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
    """By id; where two have one name, the id tells them apart."""
    names = [run.name for run in chosen]
    return {run.id: run.name if names.count(run.name) == 1 else f"{run.name} ({run.id})" for run in chosen}
