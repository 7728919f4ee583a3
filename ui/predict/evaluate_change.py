"""A run's scores on another dataset beside those on its own test split: what one wants to know of a new place."""

from __future__ import annotations

import streamlit as st

from tlcore.evaluation.metrics import Change, changes, of_classes
from tlcore.evaluation.predictions import Predictions
from tlcore.evaluation.significance import Interval
from tlcore.home import home
from tlcore.runs.answers import answers_of
from ui.layout import card
from ui.predict.judged import Judged
from ui.words import percent

__all__ = ["change_card"]


def change_card(given: Judged) -> None:
    """Draw the card; nothing where the run is looked at on its own data."""
    if given.elsewhere is None:
        return
    with card("Against its own test split", key="change-card"):
        own = answers_of(home(), given.run, "test")
        alike = None if own is None else of_classes(own, given.there)
        if alike is None or not len(alike.labels):
            st.caption(_without(given, own))
            return
        shared = given.elsewhere.matched.count("test")
        _table(_changes(f"{given.key}-{own.epoch if own else 0}", given, alike, shared))
        st.caption(_words(given, len(alike.labels), shared))


@st.cache_data(show_spinner=False, max_entries=64)
def _changes(key: str, _given: Judged, _own: Predictions, shared: int) -> tuple[Change, ...]:
    return changes(_given.found, _own, absent=False, shared=shared)


def _table(found: tuple[Change, ...]) -> None:
    import pandas as pd

    rows = [
        {
            "": one.here.name,
            "Here": f"**{percent(one.here.value)}** ({_between(one.here.interval)})",
            "Own test split": f"**{percent(one.own.value)}** ({_between(one.own.interval)})",
            "Change in points": _change(one),
        }
        for one in found
    ]
    alt = "Each headline figure here and on the run's own test split, with 95 % intervals, and the change"
    st.table(pd.DataFrame(rows).set_index(""), border="horizontal", alt=alt)  # wraps on a phone; a data frame does not


def _change(one: Change) -> str:
    where = "" if one.difference is None else f" ({_points(one.difference.low)} to {_points(one.difference.high)})"
    return f"**{_points(one.value)}**{where}"


def _words(given: Judged, n: int, shared: int) -> str:
    names, there = given.names, len(given.there)
    which = (
        "all its classes"
        if there == len(names)
        else f"the {there:,} of its {len(names):,} classes that are here, so that the two are about the same classes"
    )
    both = " It may still answer any class." if there < len(names) else ""
    return (
        f"Own test split: its {n:,} samples of {which}.{both} In brackets is where 95 of 100 resamples lie (bootstrap, "
        f"seed 0; each dataset is resampled for itself). {_chance(given, shared)} Copies that were saved anew, or in "
        "another size, are not recognised as the same; **Data > Checks** finds near-duplicates within one dataset."
    )


def _chance(given: Judged, shared: int) -> str:
    if not shared:
        return "A change in percentage points whose interval lies on one side of zero is more than chance."
    return (
        f"Whether a change is more than chance is not said: {shared:,} of the {len(given.found.labels):,} samples here "
        f"{'is' if shared == 1 else 'are'} in the own test split too, so the two are not independent."
    )


def _without(given: Judged, own: Predictions | None) -> str:
    if own is not None:
        return "The run's own test split has no sample of the classes that are here."
    known = given.run.test_accuracy
    said = "" if known is None else f" Its accuracy there, over all its classes, was {percent(known)}."
    return (
        "The single answers on the run's own test split are not kept, so nothing can be set beside these figures; "
        f"choose that split under Data to score it.{said}"
    )


def _between(where: Interval) -> str:
    return f"{percent(where.low)} to {percent(where.high)}"


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"
