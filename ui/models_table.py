"""The table of models: sorted by its headers, a row at a time selected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from ui import model_state
from ui.choice_table import choice_table
from ui.models import Entry
from ui.words import visible

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["frame", "models_table"]

KEY = "models-table"
TALLEST = 590
"""Pixels."""


def models_table(models: Sequence[Entry], modality: str, chosen: str | None) -> None:
    """Draw it with the chosen model's row selected; a click on a row chooses that model, also in the URL."""
    names = [entry.record.name for entry in models]
    choice_table(
        frame(models, modality),
        names,
        chosen,
        model_state.select,
        key=KEY,
        tallest=TALLEST,
        columns=_columns(),
        alt=f"{len(names)} models with their sizes, accuracies and weights",
    )


def frame(models: Sequence[Entry], modality: str) -> pd.DataFrame:
    """A row for each model, with what is known of this kind of model; measured times only where there are any."""
    import pandas as pd

    row = _image if modality == "image" else _text
    made = pd.DataFrame([row(entry) for entry in models])
    return made if made["ms"].notna().any() else made.drop(columns="ms")


def _image(entry: Entry) -> dict[str, Any]:
    record = entry.record
    scores = {key: record.metrics.get(f"imagenet_{key}") for key in ("top1", "top5")}
    return (
        _common(entry)
        | {"top1": scores["top1"], "params": record.n_params / 1e6, "gflops": record.gflops, "ms": entry.latency}
        | {"file": record.file_size / 1e6 or None, "top5": scores["top5"], "input": record.input_size}
        | _last(entry)
    )


def _text(entry: Entry) -> dict[str, Any]:
    record = entry.record
    return (
        _common(entry)
        | {"params": record.n_params / 1e6, "tokens": record.max_tokens, "features": record.n_features}
        | {"ms": entry.latency, "file": record.file_size / 1e6 or None}
        | _last(entry)
    )


def _common(entry: Entry) -> dict[str, Any]:
    return {
        "title": visible(entry.record.title),
        "weights": entry.weights.kind,
        "family": visible(entry.record.family),
    }


def _last(entry: Entry) -> dict[str, Any]:
    return {
        "licence": visible(entry.record.licence),
        "recipe": entry.record.recipe or None,
        "name": visible(entry.record.name),
    }


def _columns() -> dict[str, Any]:
    """Titles with units; Streamlit leaves out what the table has not."""
    column = st.column_config
    return {
        "title": column.TextColumn("Model", pinned=True, width=150),
        "weights": column.TextColumn("Weights", width=105, help="Whether training can start from them on this server."),
        "family": column.TextColumn("Family", width=110),
        "top1": column.ProgressColumn(
            "Top-1 (%)", format="%.1f", min_value=50, max_value=90, width=120, help=_PUBLISHED
        ),
        "params": column.NumberColumn("Parameters (M)", format="%.1f", help="Millions, without the classifier."),
        "gflops": column.NumberColumn("GFLOPs", format="%.2f", help="10⁹ multiply-adds for one image, as published."),
        "ms": column.NumberColumn(
            "Here (ms)", format="%.1f", help="Inference with one sample, measured on this server."
        ),
        "file": column.NumberColumn("File (MB)", format="%.1f", help="Of the published weights."),
        "top5": column.NumberColumn("Top-5 (%)", format="%.1f", help=_PUBLISHED),
        "input": column.NumberColumn("Input (px)", format="%d", help="Pixels on a side."),
        "tokens": column.NumberColumn("Longest text (tokens)", format="%d"),
        "features": column.NumberColumn("Features", format="%d", help="Width of what the head reads."),
        "licence": column.TextColumn("Licence", help="Of the weights."),
        "recipe": column.LinkColumn("Recipe", display_text="open", width=80, help="How the weights were trained."),
        "name": column.TextColumn("Name", help="What recipes and the command line call it."),
    }


_PUBLISHED = "Accuracy on ImageNet-1k's validation images, as the source publishes it."
