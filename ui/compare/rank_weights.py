"""Backbones that cannot be ranked here, for want of weights, and how to get them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tlcore.zoo import Backbone, WeightsState
from ui import state
from ui.weights import fetch
from ui.words import plain, visible

__all__ = ["elsewhere"]


def elsewhere(missing: Sequence[tuple[Backbone, WeightsState]], *, any_here: bool) -> None:
    """List them with the reason, and offer the download of one."""
    if not missing:
        return
    if not any_here:
        st.warning(
            "No backbone that reads this kind of data has its weights on this server, and none is ranked on random "
            "ones. Get some below.",
            icon=":material/cloud_download:",
        )
    n = len(missing)
    title = f"{n} more cannot be ranked yet: their weights are not on this server" if any_here else f"Get one of {n}"
    with st.expander(title, icon=":material/cloud_download:", key="rank-elsewhere", expanded=not any_here):
        _list(missing)
        by_name = {record.name: (record, weights) for record, weights in missing}
        name = st.selectbox(
            "Get the weights of",
            list(by_name),
            format_func=lambda name: visible(by_name[name][0].title),
            **state.linked("get", next(iter(by_name)), lambda value: value in by_name),
        )
        record, weights = by_name[name]
        fetch(record)
        st.caption(plain(weights.detail))


def _list(missing: Sequence[tuple[Backbone, WeightsState]]) -> None:
    import pandas as pd

    column = st.column_config
    rows = [
        {
            "title": visible(record.title),
            "why": "to be downloaded" if weights.kind == "downloadable" else "weights nowhere to be had",
            "params": record.n_params / 1e6,
            "file": record.file_size / 1e6 or None,
            "top1": record.metrics.get("imagenet_top1"),
        }
        for record, weights in missing
    ]
    st.dataframe(
        pd.DataFrame(rows).dropna(axis="columns", how="all"),
        hide_index=True,
        key="rank-missing",
        height=min(250, 3 + 35 * (1 + len(rows))),
        placeholder="–",
        alt=f"{len(rows)} backbones without weights on this server",
        column_config={
            "title": column.TextColumn("Backbone", pinned=True, width=170),
            "why": column.TextColumn("Why not", width=150),
            "params": column.NumberColumn("Parameters (M)", format="%.1f"),
            "file": column.NumberColumn("Download (MB)", format="%.0f"),
            "top1": column.NumberColumn("ImageNet top-1 (%)", format="%.1f", help="As published."),
        },
    )
