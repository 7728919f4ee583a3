"""The score on the test split, once a run has one."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from tlcore.runs import Run
from ui import confusion_chart
from ui.layout import card
from ui.report import report_button
from ui.still_plot import still_plot
from ui.unkept import unkept
from ui.words import percent

__all__ = ["results", "used"]

SHARES = {"precision": "Precision", "recall": "Recall", "f1": "F1"}
ONWARD = (
    (
        "evaluate",
        "Look closer",
        ":material/fact_check:",
        "Intervals, the samples behind each cell, worst errors, calibration.",
    ),
    ("explain", "Explain", ":material/search_insights:", "What the answers rest on."),
    ("try", "Try it", ":material/science:", "Answers to input of your own."),
    ("take", "Take it home", ":material/redeem:", "The model in the forms that other programs read."),
)
"""Views of the Evaluate page, and what leads there."""


def results(run: Run) -> None:
    """Where the score comes from, the confusion matrix, and each class."""
    report = run.report
    if report is None:
        if run.best_epoch:
            _onward(run)
        return
    with card("On the test split", key="results-card"):
        st.markdown(
            f"**{percent(report['accuracy'])}** accuracy and **{percent(report['macro_f1'])}** macro-F1 on "
            f"**{report['n']:,}** test samples, with the weights of epoch {report['epoch']:,}, "
            f"the best on validation. {used(report.get('scorings', 1))}"
        )
        _onward(run)
        unkept([run])
        left, right = st.columns([11, 9], gap="medium")
        with left:
            _confusion(report)
        with right:
            _classes(report)


def _onward(run: Run) -> None:
    """To what can be done with a trained model."""
    with st.container(horizontal=True, key="results-onward"):
        for view, words, icon, about in ONWARD:
            kind = "primary" if view == "evaluate" else "secondary"
            if st.button(words, icon=icon, key=f"to-{view}", type=kind, help=about):
                st.switch_page("pages/predict.py", query_params={"run": run.id, "look": view})
        if run.report:
            report_button([run.id])


def used(times: int) -> str:
    """How often the test split was used, in a sentence, and what follows from it."""
    if times == 1:
        return "The test split was used this once, after training ended."
    return (
        f"The test split was used {times:,} times, since this run was resumed after it had ended: whoever did so "
        "because of an earlier score has chosen by it."
    )


def _confusion(report: dict[str, Any]) -> None:
    head = st.container(horizontal=True, vertical_alignment="center")
    head.markdown("**Confusion matrix**", width="content")
    head.space("stretch")
    with head:
        shares = confusion_chart.shares_wanted("confusion-cells", label_visibility="collapsed")
    figure = confusion_chart.confusion(report["classes"], report["confusion"], shares=shares)
    drawn = json.loads(figure.to_json(validate=False))
    alt = f"Confusion matrix of {len(report['classes'])} classes; the table of classes has the figures."
    still_plot(drawn["data"], drawn["layout"], key="confusion-chart", alt=alt)


def _classes(report: dict[str, Any]) -> None:
    import pandas as pd

    st.markdown("**Each class**")
    table = pd.DataFrame(report["per_class"])
    table[list(SHARES)] *= 100
    shares = {key: st.column_config.NumberColumn(title, format="%.1f %%") for key, title in SHARES.items()}
    st.dataframe(
        table,
        hide_index=True,
        key="per-class",
        column_config={"name": "Class", **shares, "support": st.column_config.NumberColumn("Samples", format="%d")},
        alt="Precision, recall, F1 and number of test samples of each class",
    )
