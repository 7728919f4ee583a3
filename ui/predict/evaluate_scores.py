"""The headline figures with their intervals, each class, and the answers as a table to take along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from tlcore.data.spreadsheet import safe
from tlcore.evaluation.calibration import probabilities
from tlcore.evaluation.metrics import Figure, class_scores, headlines
from ui.layout import card
from ui.predict.judged import Judged
from ui.results import used
from ui.words import percent, visible

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["scores_card", "table_of"]

FEW = 30
"""Samples of a class below which all of them right, or wrong, says little."""
SHARES = {"precision": "Precision", "recall": "Recall", "f1": "F1"}
MOST_PROBABILITIES = 50
"""Classes up to which the csv has the probability of each."""
INTERVAL = (
    "Below it, where the figure lies in 95 of 100 resamples of these samples (bootstrap, seed 0). A model card and the "
    "note of an 8-bit graph have accuracy's interval by Wilson's formula, which differs a little."
)


def scores_card(given: Judged) -> None:
    """Draw the card."""
    with card("Scores", key="scores-card"):
        with st.container(horizontal=True, key="scores-figures"):
            found = _headlines(given.key, given)
            for figure in found:
                low, high = figure.interval.low, figure.interval.high
                st.metric(
                    figure.name,
                    percent(figure.value),
                    f"{percent(low)} to {percent(high)}",
                    delta_color="off",
                    delta_arrow="off",
                    border=True,
                    help=INTERVAL,
                )
        st.caption(given.source + _often(given) + _low(found) + _even(given))
        _classes(given)
        st.download_button(
            "Answers as csv",
            lambda: safe(table_of(given)).to_csv(index=False).encode("utf-8-sig"),
            _file(given),
            "text/csv",
            icon=":material/download:",
            key="answers-csv",
            on_click="ignore",
            help="A row for each sample: where it came from, its class, the answer and the probabilities.",
        )


@st.cache_data(show_spinner=False, max_entries=64)
def _headlines(key: str, _given: Judged) -> tuple[Figure, ...]:
    return headlines(_given.found, absent=_given.elsewhere is None)


def _low(found: Sequence[Figure]) -> str:
    """A resample lacks some samples, and of small classes all: then means over classes come out lower."""
    outside = [one.name for one in found if not one.interval.low <= one.value <= one.interval.high]
    if not outside:
        return ""
    return (
        f" The interval of {' and '.join(outside)} lies beside its value: with so few samples a class, resamples lose "
        "classes or most of them, so take its width, not its place."
    )


def _even(given: Judged) -> str:
    """A class that is all right or all wrong stays so in every resample, however few samples say it."""
    labels, right = given.found.labels, given.found.answers == given.found.labels
    n, hits = np.bincount(labels), np.bincount(labels, weights=right)
    even = (n > 0) & (n < FEW) & ((hits == 0) | (hits == n))
    if 2 * int(even.sum()) <= int((n > 0).sum()):
        return ""
    return (
        f" In {int(even.sum()):,} of {int((n > 0).sum()):,} classes all of fewer than {FEW} samples are right, or all "
        "wrong: resamples cannot differ there, so the interval of balanced accuracy is narrower than it should be."
    )


def _often(given: Judged) -> str:
    if given.elsewhere is not None or given.split != "test" or given.run.report is None:
        return ""
    return f" {used(int(given.run.report.get('scorings', 1)))}"


def _classes(given: Judged) -> None:
    import pandas as pd

    rows = [
        {
            "name": visible(name),
            **{key: 100 * getattr(score, key) for key in SHARES},
            "support": score.support,
            "answered": score.answered,
        }
        for name, score in zip(given.names, class_scores(given.found), strict=True)
        if given.elsewhere is None or score.support or score.answered
    ]
    shares = {key: st.column_config.NumberColumn(title, format="%.1f %%") for key, title in SHARES.items()}
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        key="evaluate-classes",
        column_config={
            "name": "Class",
            **shares,
            "support": st.column_config.NumberColumn("Samples", format="%d"),
            "answered": st.column_config.NumberColumn("Answered so", format="%d"),
        },
        alt="Precision, recall, F1, number of samples and of answers for each class",
    )


def _file(given: Judged) -> str:
    where = given.split if given.elsewhere is None else f"{given.dataset.id}-{given.split}"
    return f"answers-{given.run.id}-{where}.csv"


def table_of(given: Judged) -> pd.DataFrame:
    """Row, origin, text, true class, answer, confidence, and the probability of each class unless they are many."""
    import pandas as pd

    found, names = given.found, given.names
    shares = probabilities(found.logits, given.temperature)
    known = given.dataset.manifest().iloc[found.rows]
    table = {"row": found.rows, "from": known["origin"].to_numpy()}
    if given.dataset.modality == "text":
        table["text"] = known["sample"].to_numpy()
    table |= {
        "true": [names[i] for i in found.labels],
        "answer": [names[i] for i in found.answers],
        "confidence": shares.max(1).round(6),
    }
    if len(names) <= MOST_PROBABILITIES:
        table |= {f"p({name})": shares[:, i].round(6) for i, name in enumerate(names)}
    return pd.DataFrame(table)
