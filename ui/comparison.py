"""Up to four models side by side, and what differs between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from ui import model_state
from ui.layout import card
from ui.model_detail import use
from ui.models import STATES, Entry
from ui.words import plain, size, visible

__all__ = ["comparison", "facts", "shades"]

OTHER = "background-color: rgba(59, 151, 151, 0.10)"
BEST = "background-color: rgba(59, 151, 151, 0.30); font-weight: 600"
"""Of cells in a row whose values differ: the better one where there is a better, and the others."""
Fact = tuple[Callable[[Entry], Any], Callable[[Any], str], Callable[[Sequence[Any]], Any] | None]


def comparison(models: Sequence[Entry]) -> None:
    """A card for each, and a table of their facts with the differences marked."""
    if not models:
        return
    names = [entry.record.name for entry in models]
    with card("Compared", key="compare-card", icon=":material/compare_arrows:"):
        for entry, column in zip(models, st.columns(model_state.MOST_COMPARED), strict=False):
            with column, st.container(border=True, height="stretch", key=f"compared-{entry.record.name}"):
                _card(entry, names)
        if len(models) == 1:
            st.caption("Select another model and press Compare to set it beside this one.")
            return
        st.caption("Rows that differ are shaded; the better value, where one is better, is the darker one.")
        st.table(_styled(models))


def _card(entry: Entry, names: Sequence[str]) -> None:
    record, name = entry.record, entry.record.name
    icon, colour = STATES[entry.weights.kind]
    st.markdown(f"**{plain(record.title)}**")
    st.badge(entry.weights.kind, icon=icon, color=colour, help=plain(entry.weights.detail))
    st.caption(plain(record.summary))
    st.space("stretch")
    with st.container(horizontal=True, gap="small"):
        if st.button("Use", key=f"use-{name}"):
            use(record)
        if st.button("Show", key=f"show-{name}", type="tertiary"):
            model_state.select(name)
            st.rerun()
        if st.button("Remove", key=f"remove-{name}", type="tertiary"):
            model_state.compare([other for other in names if other != name])
            st.rerun()


def facts() -> Mapping[str, Fact]:
    """What is compared: its value, its words, and what picks the better of several; None where none is better."""
    return {
        "ImageNet top-1 (%)": (lambda e: e.record.metrics.get("imagenet_top1"), "{:.1f}".format, max),
        "ImageNet top-5 (%)": (lambda e: e.record.metrics.get("imagenet_top5"), "{:.1f}".format, max),
        "Parameters (M)": (lambda e: e.record.n_params / 1e6, "{:,.1f}".format, min),
        "GFLOPs an input": (lambda e: e.record.gflops, "{:.2f}".format, min),
        "One sample here (ms)": (lambda e: e.latency, "{:.1f}".format, min),
        "File": (lambda e: e.record.file_size or None, size, min),
        "Reads": (_reads, str, None),
        "Features": (lambda e: e.record.n_features, "{:,}".format, None),
        "Stages": (lambda e: len(e.record.stages), str, None),
        "BatchNorm layers": (lambda e: e.record.n_batch_norms, "{:,}".format, None),
        "Weights": (lambda e: e.weights.kind, str, None),
        "Licence": (lambda e: visible(e.record.licence), str, None),
        "Family": (lambda e: visible(e.record.family), str, None),
    }


def _reads(entry: Entry) -> str:
    side = entry.record.input_size
    return f"{side} × {side} px" if side else f"{entry.record.max_tokens:,} tokens"


def _styled(models: Sequence[Entry]) -> Any:
    """Facts in rows, models in columns; a fact that none has is left out."""
    import pandas as pd

    words: dict[str, list[str]] = {}
    styles: dict[str, list[str]] = {}
    for title, (value, say, better) in facts().items():
        values = [value(entry) for entry in models]
        if any(one is not None for one in values):
            words[title] = ["–" if one is None else say(one) for one in values]
            styles[title] = shades(values, better)
    columns = _unique([visible(entry.record.title) for entry in models])
    table = pd.DataFrame.from_dict(words, orient="index", columns=columns)
    shaded = pd.DataFrame.from_dict(styles, orient="index", columns=columns)
    return table.style.apply(lambda _: shaded, axis=None)


def shades(values: Sequence[Any], better: Callable[[Sequence[Any]], Any] | None) -> list[str]:
    if len(set(values)) < 2:
        return [""] * len(values)
    known = [one for one in values if one is not None]
    best = better(known) if better and len(known) > 1 else None
    return [BEST if one is not None and one == best else OTHER for one in values]


def _unique(titles: Sequence[str]) -> list[str]:
    """Two models may have one title; a table needs different ones."""
    return [f"{title} ({i + 1})" if titles.count(title) > 1 else title for i, title in enumerate(titles)]
