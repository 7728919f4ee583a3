"""Whether the model is as often right as it says, and one temperature to make it so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from tlcore.evaluation.calibration import BINS, FEW_FITTED, Calibration, calibration, chance_error
from tlcore.home import home
from tlcore.runs.answers import answers_of
from tlcore.runs.temperature import fit_temperature, forget_temperature, kept_temperature
from ui import charts
from ui.chart_template import figure as blank
from ui.guard import guard
from ui.job import job
from ui.layout import card
from ui.predict.judged import Judged
from ui.words import percent

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["calibration_card"]

ENOUGH = 20
"""Answers in a bin from which its bar says something: the accuracy of 20 is known to some 20 points."""
ACCENT, GRAY = "#3B9797", "rgba(128, 140, 155, 0.45)"


def calibration_card(given: Judged) -> None:
    """Draw the card."""
    with card("Calibration", key="calibration-card"):
        st.markdown("Of the answers that the model calls 80 % sure, are 80 % right?")
        now, raw = (_calibration(given.key, cooled, given) for cooled in (given.temperature, 1.0))
        _figures(now, raw, given)
        charts.draw(reliability(now), key="reliability", alt=_alt(now))
        _few(now, _chance(given.key, given.temperature, given))
        st.caption(
            f"Bars: accuracy in {BINS} bins of confidence, pale where a bin has fewer than {ENOUGH} answers; below the "
            f"dotted line the model is too sure. Gray: the share of all answers in the bin. {given.source}"
        )
        _temperature(given, now, raw)


def _few(now: Calibration, chance: tuple[float, float]) -> None:
    """How much of the error so many answers explain, and how many of the bars to believe."""
    mean, most = chance
    beyond = "so this error is more than chance" if now.ece > most else "so chance alone may explain this error"
    st.markdown(
        f"With {now.counts.sum():,} answers like these, a perfectly calibrated model would show a calibration error of "
        f"about {percent(mean)}, and seldom more than {percent(most)}: {beyond}."
    )
    used, thin = int((now.counts > 0).sum()), int(((now.counts > 0) & (now.counts < ENOUGH)).sum())
    if 2 * thin >= used:
        st.warning(
            f"{thin} of {used} bars rest on fewer than {ENOUGH} answers each, and jump: look at the figures above.",
            icon=":material/warning:",
        )


@st.cache_data(show_spinner=False, max_entries=64)
def _calibration(key: str, temperature: float, _given: Judged) -> Calibration:
    return calibration(_given.found.logits, _given.found.labels, temperature)


@st.cache_data(show_spinner=False, max_entries=64)
def _chance(key: str, temperature: float, _given: Judged) -> tuple[float, float]:
    return chance_error(_given.found.logits, temperature)


def _figures(now: Calibration, raw: Calibration, given: Judged) -> None:
    cooled = given.temperature != 1.0
    with st.container(horizontal=True, key="calibration-figures"):
        for name, value, before, what in (
            ("Calibration error (ECE)", percent(now.ece), percent(raw.ece), "Mean gap of confidence and accuracy."),
            ("NLL (nats)", f"{now.nll:.3f}", f"{raw.nll:.3f}", "Mean negative log-likelihood of the true class."),
            ("Brier score", f"{now.brier:.3f}", f"{raw.brier:.3f}", "Mean squared distance from the truth, 0 to 2."),
        ):
            note = f"{before} without temperature" if cooled else None
            st.metric(name, value, note, delta_color="off", delta_arrow="off", border=True, help=what)


def _temperature(given: Judged, now: Calibration, raw: Calibration) -> None:
    kept = kept_temperature(home(), given.run)
    if kept is not None:
        st.markdown(
            f":material/thermostat: Temperature **{kept.temperature:.2f}**, fitted on {kept.n:,} val samples, where "
            f"it took the calibration error from {percent(kept.ece_before)} to {percent(kept.ece_after)}. Every "
            "confidence of this run uses it; answers and accuracy stay as they are."
        )
        if kept.n < FEW_FITTED:
            st.warning(
                f"{kept.n:,} val samples are few for that: a model that got nearly all of them right becomes very sure "
                "of everything, also of what it gets wrong elsewhere.",
                icon=":material/warning:",
            )
        if now.ece > raw.ece:
            st.warning(
                f"On the samples above it makes the calibration error larger, {percent(raw.ece)} to "
                f"{percent(now.ece)}: what was fitted on val does not carry over to them.",
                icon=":material/trending_down:",
            )
        if st.button("Take it away", icon=":material/undo:", key="forget-temperature"):
            forget_temperature(home(), given.run)
            st.rerun()
        return
    if answers_of(home(), given.run, "val") is None:
        st.markdown("A temperature is fitted on val, whose single answers are not kept yet.")
        job(
            "predictions",
            {"run": given.run.id, "split": "val", "epoch": given.run.best_epoch},
            key="score-val-for-temperature",
            action="Score the val split",
            icon=":material/play_arrow:",
            note="Once that is done, the temperature is one click away.",
            show=lambda _: None,
        )
        return
    st.caption(
        "One number by which all logits are divided, fitted on val so that confidences become honest (Guo et al., "
        "2017). No answer changes, and so no accuracy."
    )
    if st.button("Fit the temperature", icon=":material/thermostat:", key="fit-temperature"):
        with guard():
            fit_temperature(home(), given.run)
            st.rerun()


def reliability(found: Calibration) -> Figure:
    """Accuracy over confidence, with the share of the answers in each bin."""
    import plotly.graph_objects as go

    figure, n = blank(height=320), max(1, int(found.counts.sum()))
    middles = [(i + 0.5) / BINS for i in range(BINS)]
    shares = [float(count) / n for count in found.counts]
    hover = [
        f"confidence {found.confidence[i]:.1%}<br>accuracy {found.accuracy[i]:.1%}<br>{found.counts[i]:,} answers"
        for i in range(BINS)
    ]
    for name, values, colour in (("Accuracy", found.accuracy.tolist(), ACCENT), ("Share of answers", shares, GRAY)):
        figure.add_trace(
            go.Bar(
                x=middles,
                y=values,
                name=name,
                width=(0.9 if name == "Accuracy" else 0.4) / BINS,
                marker={"color": colour, "opacity": [0.35 if count < ENOUGH else 1.0 for count in found.counts]}
                if name == "Accuracy"
                else {"color": colour},
                customdata=hover,
                hovertemplate="%{customdata}<extra></extra>",
            )
        )
    figure.add_trace(
        go.Scatter(x=[0, 1], y=[0, 1], mode="lines", name="As sure as right", line={"width": 1.5, "dash": "dot"})
    )
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(title="confidence", range=[0, 1], tickformat=".0%", nticks=6)
    figure.update_yaxes(title="share", range=[0, 1.02], tickformat=".0%", nticks=6)
    return figure


def _alt(found: Calibration) -> str:
    filled = [
        f"{found.counts[i]:,} answers at confidence {found.confidence[i]:.0%} are right in {found.accuracy[i]:.0%}"
        for i in range(BINS)
        if found.counts[i]
    ]
    return f"Reliability: {'; '.join(filled)}."
