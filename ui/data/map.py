"""The map: samples that a backbone finds alike lie close together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from tlcore.data import Dataset
from tlcore.data.revision import items_of, revise
from tlcore.home import home
from tlcore.runs import jobs
from ui import state
from ui.chart_template import figure
from ui.data.backbone import looking
from ui.data.sample import facts
from ui.data.tiles import text_table, tiles
from ui.guard import guard
from ui.job import job
from ui.layout import card
from ui.words import label

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["chart", "drawing"]

MOST_COLOURS = 10
MOST_SHOWN = 48
OTHER = "rgba(128, 140, 155, 0.55)"
Found = Mapping[str, Any]


def chart(dataset: Dataset) -> None:
    """Draw the view."""
    record = looking(dataset)
    about = {"content": dataset.content, "backbone": record.name}

    def show(found: Found) -> None:
        _beside(dataset.id, found, about)

    with card("Map of the data", key="map-card", icon=":material/scatter_plot:"):
        job(
            "map",
            about,
            key="map",
            action="Draw the map",
            icon=":material/scatter_plot:",
            note="Every sample passes the backbone once, then t-SNE lays the features out on a plane.",
            show=show,
        )


@st.fragment
def _beside(dataset_id: str, found: Found, about: Mapping[str, str]) -> None:
    with guard():
        dataset = state.dataset(dataset_id)
        n = len(found["rows"])
        part = f"{n:,} of {found['n']:,} samples, drawn by class" if n < found["n"] else f"All {n:,} samples"
        st.caption(
            f"{part}, by t-SNE: neighbours are alike, distances between far groups mean little. "
            "Click a point to see its sample; draw around some to list them."
        )
        doubted = {one["row"] for one in jobs.look(home(), "suspects", about).result.get("suspects", ())}
        left, right = st.columns([3, 2])
        with left:
            event: Any = st.plotly_chart(
                drawing(dataset, found, doubted),
                key=f"map-{dataset_id}",
                on_select="rerun",
                selection_mode=("points", "lasso", "box"),
                config={"displaylogo": False, "modeBarButtons": [["pan2d", "zoom2d", "lasso2d", "resetScale2d"]]},
                alt=f"A map of {n} samples, coloured by class.",
            )
        with right:
            _chosen(dataset, sorted({_row(point) for point in event.selection.points} - {-1}))


def _chosen(dataset: Dataset, rows: Sequence[int]) -> None:
    if not rows:
        st.info("Click a point to see its sample here.", icon=":material/ads_click:")
    elif len(rows) == 1:
        facts(dataset, rows[0])
    else:
        st.markdown(f"**{len(rows):,} samples**" + (f", the first {MOST_SHOWN}:" if len(rows) > MOST_SHOWN else ""))
        draw = tiles if dataset.modality == "image" else text_table
        opened = draw(dataset, rows[:MOST_SHOWN], key="map-chosen")
        if opened is not None:
            facts(dataset, opened)
    if rows and st.button(f"Leave {'it' if len(rows) == 1 else f'these {len(rows):,}'} out", key="map-drop",
                          icon=":material/delete:", help="Makes another dataset without; this one stays."):  # fmt: skip
        dropped = set(rows)
        items = [item for row, item in enumerate(items_of(dataset)) if row not in dropped]
        made = revise(dataset, items, change=f"Left out {len(dropped):,} samples chosen on the map.")
        state.choose("dataset", made.id)
        st.rerun()


def drawing(dataset: Dataset, found: Found, doubted: set[int]) -> Figure:
    """A dot for each sample: the largest classes in the theme's colours, the others gray, doubtful labels ringed."""
    import plotly.graph_objects as go

    made = figure(height=560)
    rows, x, y = (np.array(found[name]) for name in ("rows", "x", "y"))
    labels = dataset.labels()[rows]
    sizes = np.bincount(labels, minlength=len(dataset.classes))
    many = len(dataset.classes) > MOST_COLOURS
    named = np.sort(np.argsort(-sizes, kind="stable")[: MOST_COLOURS - 1 if many else MOST_COLOURS])
    groups = [(label(dataset.classes[c], 22), None, labels == c) for c in named]
    if many:
        groups.append((f"{len(dataset.classes) - len(named)} other classes", OTHER, ~np.isin(labels, named)))
    for name, colour, these in groups:
        made.add_trace(
            go.Scattergl(
                x=x[these],
                y=y[these],
                name=name,
                mode="markers",
                marker={"size": 6 if len(rows) < 3_000 else 4, "color": colour, "opacity": 0.8},
                customdata=rows[these].tolist(),
                text=[label(dataset.classes[c], 40) for c in labels[these]],
                hovertemplate="%{text}<extra></extra>",
            )
        )
    ringed = np.isin(rows, list(doubted))
    if ringed.any():
        ring = {"size": 12, "symbol": "circle-open", "color": "#BF092F", "line": {"width": 1.5}}
        made.add_trace(
            go.Scattergl(x=x[ringed], y=y[ringed], name="doubtful label", mode="markers", marker=ring,
                         customdata=rows[ringed].tolist(), hoverinfo="skip")
        )  # fmt: skip
    made.update_xaxes(visible=False)
    made.update_yaxes(visible=False, scaleanchor="x")
    made.update_layout(dragmode="pan", legend={"itemsizing": "constant"})
    return made


def _row(point: Mapping[str, Any]) -> int:
    held = point.get("customdata")
    first = held[0] if isinstance(held, Sequence) and held else held
    return int(first) if isinstance(first, int | float) else -1
