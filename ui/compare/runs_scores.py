"""What the test split says of runs side by side, and which differences it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from tlcore.evaluation.predictions import mark
from tlcore.home import home
from tlcore.reporting.words import used
from tlcore.runs import Run, run_folder
from tlcore.runs.comparison import Comparison, compare, words
from tlcore.runs.temperature import temperature_of
from ui.compare.runs_chart import intervals, matrix
from ui.layout import card, drawer
from ui.unkept import unkept
from ui.words import plain, short

__all__ = ["compared", "scores"]


def compared(chosen: Sequence[Run]) -> Comparison | None:
    """As `compare`; kept, since resampling takes a moment, for as long as no run's answers or temperature change."""
    marks = [
        (run.id, run.dataset, run.best_epoch, mark(run_folder(home(), run.id), "test"), temperature_of(home(), run))
        for run in chosen
    ]
    return _compared(str(home()), repr(marks), list(chosen))


@st.cache_resource(show_spinner=False, max_entries=16)
def _compared(folder: str, marks: str, _chosen: Sequence[Run]) -> Comparison | None:
    return compare(Path(folder), _chosen)


def scores(chosen: Sequence[Run], found: Comparison | None, names: Mapping[str, str]) -> None:
    """Draw the card; the runs come with their reports."""
    with card("On the test split", key="scores-card"):
        unkept(chosen)
        _unread(chosen, names)
        if found is None:
            if not any(run.test_accuracy is not None for run in chosen):
                st.info("None of these runs has been scored on test.", icon=":material/hourglass_empty:")
            return
        intervals(found, [names[run] for run in found.runs])
        st.caption(
            f"{len(found.rows):,} test samples; the lines are where 95 of 100 resamples lie (bootstrap, percentiles). "
            "Choosing a model by these scores uses the test split up: choose by val, and read test once."
        )
        for run in chosen:
            if run.report and int(run.report.get("scorings", 1)) > 1:
                st.caption(f":material/warning: {plain(names[run.id])}: {used(run)}")
        _pairs(found, names)


def _unread(chosen: Sequence[Run], names: Mapping[str, str]) -> None:
    """Trials whose absence here is on purpose."""
    trials = [run for run in chosen if run.sweep and run.test_accuracy is None]
    if trials:
        listed = ", ".join(plain(short(names[run.id])) for run in trials)
        st.caption(f"Not shown: {listed}: the test split is read for a sweep's winner only.")


def _pairs(found: Comparison, names: Mapping[str, str]) -> None:
    """What McNemar's test says of each two; of more than two runs first all p-values in one sight."""
    if len(found.pairs) == 1:
        _said(found, names)
    elif found.pairs:
        matrix(found, [names[run] for run in found.runs])
        box = drawer(f"The {len(found.pairs)} pairs in words", icon=":material/notes:", key="runs-pairs")
        if box is not None:
            with box:
                _said(found, names)
    if found.pairs:
        holm = f" The {len(found.pairs)} p-values are Holm's." if len(found.pairs) > 1 else ""
        st.caption(f"McNemar's test on the same samples, exact where few differ; shown means p < 0.05.{holm}")


def _said(found: Comparison, names: Mapping[str, str]) -> None:
    accuracy = {score.run: score.accuracy for score in found.scores}
    for pair in found.pairs:
        icon = ":material/check_circle:" if pair.shown else ":material/drag_handle:"
        said = words(pair, (accuracy[pair.a], accuracy[pair.b]))
        st.markdown(f"{icon} **A** {plain(names[pair.a])}, **B** {plain(names[pair.b])}: {plain(said)}.")
