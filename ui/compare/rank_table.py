"""The ranking as a table: sorted by its headers, a row selected, and its numbers as a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from tlcore.data import Dataset
from tlcore.runs.ranking import Standing
from tlcore.zoo import Backbone
from ui import model_state
from ui.choice_table import choice_table
from ui.words import visible

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["chosen", "download", "frame", "table"]

KEY = "rank-table"
ASKED = "backbone"
TALLEST = 560
"""Pixels."""


def chosen(scored: Sequence[Standing]) -> Backbone:
    """The backbone of the URL's `?backbone=`, where it is among those scored, or the best."""
    asked = st.query_params.get(ASKED)
    return next((one.record for one in scored if one.record.name == asked), scored[0].record)


def table(scored: Sequence[Standing]) -> None:
    """Draw it; a click on a row selects its backbone, also in the URL."""
    names = [one.record.name for one in scored]
    choice_table(
        frame(scored),
        names,
        chosen(scored).name,
        lambda name: model_state.write(ASKED, name or ""),
        key=KEY,
        tallest=TALLEST,
        columns=_columns(),
        alt=f"{len(names)} backbones with their scores and costs, the best first",
    )


def frame(scored: Sequence[Standing]) -> pd.DataFrame:
    """A row for each, shares in percent."""
    import pandas as pd

    rows = [_row(place, one) for place, one in enumerate(scored, start=1)]
    return pd.DataFrame([row for row in rows if row])


def download(scored: Sequence[Standing], dataset: Dataset) -> None:
    """The button that gives all numbers as csv."""

    def csv() -> bytes:
        import pandas as pd

        rows = [one.score.to_dict() for one in scored if one.score]
        return pd.DataFrame(rows).to_csv(index=False).encode()

    name = f"ranking-{dataset.id}.csv"
    st.download_button("Table as csv", csv, name, "text/csv", icon=":material/download:", key="rank-csv")


def _row(place: int, one: Standing) -> dict[str, Any]:
    score = one.score
    if score is None:
        return {}
    return {
        "place": place,
        "title": visible(one.record.title),
        "linear": 100 * score.linear,
        "interval": f"{100 * score.low:.1f} to {100 * score.high:.1f}",
        "knn": 100 * score.knn,
        "log_me": score.log_me,
        "h_score": score.h_score,
        "ms": None if score.latency is None else 1000 * score.latency,
        "params": score.n_params / 1e6,
        "gflops": score.gflops,
        "features": score.n_features,
        "seconds": score.seconds,
        "embedding": score.embedding_seconds,
        "stored": score.stored,
    }


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "place": column.NumberColumn("#", width=35, help="By the linear probe; see which cannot be told apart."),
        "title": column.TextColumn("Backbone", pinned=True, width=150),
        "linear": column.ProgressColumn(
            "Linear probe, val (%)",
            format="%.1f",
            min_value=0,
            max_value=100,
            width=150,
            help="Accuracy of logistic regression on frozen features.",
        ),
        "interval": column.TextColumn("95 % interval", width=100, help="Wilson's, from the number of val samples."),
        "knn": column.ProgressColumn(
            "k-NN, val (%)",
            format="%.1f",
            min_value=0,
            max_value=100,
            width=130,
            help="Accuracy of the 5 nearest neighbours by cosine.",
        ),
        "log_me": column.NumberColumn(
            "LogME",
            format="%.3f",
            width=75,
            help="Log evidence of a Bayesian linear model of the training labels; You et al. 2021. Higher is better.",
        ),
        "h_score": column.NumberColumn(
            "H-score",
            format="%.2f",
            width=75,
            help="Spread of the class means within that of the features, with a shrunk covariance; Bao et al. 2019, "
            "Ibrahim et al. 2022. Higher is better; at most the number of classes less 1.",
        ),
        "ms": column.NumberColumn(
            "Here (ms)", format="%.1f", width=80, help="Inference with one sample, measured on this server."
        ),
        "params": column.NumberColumn("Parameters (M)", format="%.1f", help="Millions, without the classifier."),
        "gflops": column.NumberColumn("GFLOPs", format="%.2f", width=75, help="10⁹ multiply-adds, as published."),
        "features": column.NumberColumn("Features", format="%d", width=75, help="Width of what a head reads."),
        "seconds": column.NumberColumn("Took (s)", format="%.1f", width=75),
        "embedding": column.NumberColumn("of it features (s)", format="%.1f", width=120),
        "stored": column.CheckboxColumn("Stored", width=70, help="All its features were there already."),
    }
