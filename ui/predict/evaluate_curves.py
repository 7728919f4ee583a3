"""ROC and precision-recall curves, each class against the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from tlcore.evaluation.calibration import probabilities
from tlcore.evaluation.curves import Curve, areas, precision_recall, roc
from tlcore.evaluation.significance import ROUGH_BELOW
from ui import charts
from ui.chart_template import figure as blank
from ui.layout import card
from ui.predict.judged import Judged
from ui.words import label, plain, visible

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from plotly.graph_objects import Figure

__all__ = ["curves_card"]

MOST = 10
"""Curves that are told apart."""


def curves_card(given: Judged) -> None:
    """Draw the card."""
    with card("ROC and precision-recall", key="evaluate-curves-card"):
        chosen = _classes(given)
        if not chosen:
            st.info("Choose a class to draw its curves.", icon=":material/touch_app:")
            return
        rocs, precisions = _curves(given.key, tuple(chosen), given)
        left, right = st.columns(2, gap="medium")
        with left:
            st.markdown("**ROC**")
            _draw(given, rocs, "roc", "false positive rate", "true positive rate", "AUC", diagonal=True)
        with right:
            st.markdown("**Precision-recall**")
            _draw(given, precisions, "pr", "recall", "precision", "average precision", diagonal=False)
        _mean(given)
        _few(given, chosen)


def _classes(given: Judged) -> list[int]:
    names, support = given.names, np.bincount(given.found.labels, minlength=len(given.names))
    if len(names) == 2:
        st.caption(
            f"Of {plain(names[1])} against {plain(names[0])}; for the other class the ROC is the same, mirrored."
        )
        return [1]
    common = [one for one in np.argsort(-support, kind="stable")[:MOST].tolist() if one in given.there]
    picked: list[int] = st.multiselect(
        "Classes, each against the rest",
        given.there,
        default=sorted(common),
        format_func=lambda i: visible(names[i]),
        max_selections=MOST,
        key=f"curve-classes-{given.run.dataset}-{given.dataset.id}",
    )
    return picked


@st.cache_data(show_spinner=False, max_entries=64)
def _curves(
    key: str, classes: tuple[int, ...], _given: Judged
) -> tuple[list[tuple[int, Curve | None]], list[tuple[int, Curve | None]]]:
    shares, labels = probabilities(_given.found.logits, _given.temperature), _given.found.labels

    def of(make: Callable[[NDArray[np.float64], NDArray[np.bool_]], Curve | None]) -> list[tuple[int, Curve | None]]:
        return [(i, make(shares[:, i], labels == i)) for i in classes]

    return of(roc), of(precision_recall)


def _draw(
    given: Judged, found: Sequence[tuple[int, Curve | None]], key: str, x: str, y: str, area: str, *, diagonal: bool
) -> None:
    names = given.names
    there = [(names[i], curve) for i, curve in found if curve is not None]
    if not there:
        st.info("No chosen class has samples on both sides here.", icon=":material/inbox:")
        return
    alt = "; ".join(f"{visible(name)}: {area} {curve.area:.3f}" for name, curve in there)
    charts.draw(_figure(there, x, y, diagonal), key=f"evaluate-{key}", alt=f"{y} over {x}. {alt}")
    mean = float(np.mean([curve.area for _, curve in there]))
    what = f"Mean {area} of the {len(there)} classes drawn" if len(there) > 1 else area[:1].upper() + area[1:]
    st.caption(f"{what}: **{mean:.3f}**")


def _figure(curves: Sequence[tuple[str, Curve]], x: str, y: str, diagonal: bool) -> Figure:
    import plotly.graph_objects as go

    figure = blank(height=340 + 18 * (len(curves) // 3))
    for name, curve in curves:
        figure.add_trace(
            go.Scatter(
                x=curve.x,
                y=curve.y,
                mode="lines",
                name=f"{label(name, 18)} {curve.area:.3f}",
                hovertemplate=f"{label(name, 40)}<br>{x} %{{x:.1%}}<br>{y} %{{y:.1%}}<extra></extra>",
                line={"width": 2, "shape": "hv" if diagonal else "linear"},
            )
        )
    if diagonal:
        figure.add_shape(
            type="line", x0=0, y0=0, x1=1, y1=1, line={"width": 1, "dash": "dot", "color": "rgba(128, 140, 155, 0.7)"}
        )
    figure.update_xaxes(title=x, range=[-0.01, 1.01], tickformat=".0%", nticks=6)
    figure.update_yaxes(title=y, range=[-0.01, 1.03], tickformat=".0%", nticks=6)
    return figure


def _mean(given: Judged) -> None:
    """Over all classes, of which only some are drawn."""
    mean, n = _all_areas(given.key, given)
    if n > 2:
        st.caption(f"Mean AUC of all {n:,} classes that have samples here: **{mean:.3f}**, each against the rest.")


@st.cache_data(show_spinner=False, max_entries=64)
def _all_areas(key: str, _given: Judged) -> tuple[float, int]:
    found = areas(probabilities(_given.found.logits, _given.temperature), _given.found.labels)
    n = int(np.isfinite(found).sum())
    return (float(np.nanmean(found)) if n else 0.0), n


def _few(given: Judged, chosen: Sequence[int]) -> None:
    support = np.bincount(given.found.labels, minlength=len(given.names))
    few = [visible(given.names[i]) for i in chosen if support[i] < ROUGH_BELOW]
    st.caption(given.source)
    if few:
        st.text(f"Fewer than {ROUGH_BELOW} samples, so rough: {', '.join(few)}.")
