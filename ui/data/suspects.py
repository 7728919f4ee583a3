"""Labels to doubt: what looks like another class, and what to do about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from tlcore.data import Dataset
from tlcore.data.revision import items_of, revise
from ui import state
from ui.data import state as data_state
from ui.data.backbone import looking
from ui.data.sample import open_sample
from ui.guard import guard
from ui.job import job
from ui.layout import card
from ui.words import percent, plain, short, visible

__all__ = ["suspects"]

A_PAGE = 12
KEEP, RELABEL, DROP = "keep", "relabel", "leave out"
ICONS = {KEEP: ":material/check: Keep", RELABEL: ":material/swap_horiz: Relabel", DROP: ":material/delete: Leave out"}
LIMITS = (
    "Each sample is judged by a logistic regression on frozen features that was fitted on the other samples, over all "
    "splits; nothing of it chooses or scores a model. It finds labels that contradict the look of a sample. It cannot "
    "tell a wrong label from a rare but right one, and it misses errors that are made everywhere alike: look first."
)


def suspects(dataset: Dataset) -> None:
    """Draw the view."""
    record = looking(dataset)

    def show(found: Mapping[str, Any]) -> None:
        _show(dataset, found)

    with card("Doubtful labels", key="suspects-card", icon=":material/label_off:"):
        st.caption(LIMITS)
        job(
            "suspects",
            {"content": dataset.content, "backbone": record.name},
            key="suspects",
            action="Look for wrong labels",
            icon=":material/search:",
            note="Computes the features that are not kept yet: every sample passes the backbone once.",
            show=show,
        )


def _show(dataset: Dataset, found: Mapping[str, Any]) -> None:
    listed: list[Mapping[str, Any]] = found["suspects"]
    st.markdown(
        f"**{len(listed):,}** of {found['n']:,} labels are doubtful. "
        f"The features tell {percent(found['agreement'])} of all labels."
    )
    if not listed:
        st.success("No label contradicts the features.", icon=":material/check_circle:")
        return
    n, decided = -(-len(listed) // A_PAGE), data_state.decisions(dataset.id)
    page = st.pagination(n, **state.linked("suspect-page", 1, lambda value: 1 <= value <= n)) if n > 1 else 1
    shown = listed[(page - 1) * A_PAGE : page * A_PAGE]
    opened = _list(dataset, shown, decided)
    _apply(dataset, listed, decided)
    if opened is not None:
        open_sample(dataset, opened)


def _list(dataset: Dataset, shown: list[Mapping[str, Any]], decided: dict[int, str]) -> int | None:
    from tlcore.data.thumbnails import thumbnails

    rows = [one["row"] for one in shown]
    pictures = thumbnails(dataset, rows) if dataset.modality == "image" else [b""] * len(rows)
    opened = None
    for one, picture in zip(shown, pictures, strict=True):
        if _line(dataset, one, picture, decided):
            opened = one["row"]
    return opened


def _line(dataset: Dataset, one: Mapping[str, Any], picture: bytes, decided: dict[int, str]) -> bool:
    """The sample, its label, what it looks like, and the decision; whether it is to be seen large."""
    row = one["row"]
    given, suggested = (dataset.classes[one[name]] for name in ("given", "suggested"))
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"suspect-{row}"):
        if picture:
            st.image(picture, width=88, alt=f"Labelled {visible(given)}")
        elif dataset.modality == "text":
            st.text(short(dataset.sample(row), 160), width=360)
        origin = dataset.manifest()["origin"].iloc[row]
        st.markdown(
            f"Labelled **{plain(given)}**, looks like **{plain(suggested)}** ({percent(one['confidence'])})  \n"
            f":gray[{plain(short(origin, 60))}]",
            width="stretch",
        )
        key = f"decide-{dataset.id}-{row}"
        chosen = st.segmented_control(
            "What to do", [KEEP, RELABEL, DROP], format_func=lambda name: ICONS[name], default=decided.get(row, KEEP),
            key=key, label_visibility="collapsed", required=True,
        )  # fmt: skip
        decided[row] = chosen or KEEP
        return st.button("Enlarge", icon=":material/zoom_in:", key=f"zoom-{row}", type="tertiary")


def _apply(dataset: Dataset, listed: list[Mapping[str, Any]], decided: Mapping[int, str]) -> None:
    moved = {one["row"]: one["suggested"] for one in listed if decided.get(one["row"]) == RELABEL}
    dropped = {one["row"] for one in listed if decided.get(one["row"]) == DROP}
    n = len(moved) + len(dropped)
    st.caption("The dataset stays as it is for the runs that used it; changes make another.")
    words = "Apply 1 change" if n == 1 else f"Apply {n} changes"
    if not st.button(words, type="primary", icon=":material/done_all:", key="apply-decisions", disabled=not n):
        return
    with guard():
        items = [
            replace(item, label=dataset.classes[moved[row]]) if row in moved else item
            for row, item in enumerate(items_of(dataset))
            if row not in dropped
        ]
        made = revise(dataset, items, change=f"Relabelled {len(moved)} and left out {len(dropped)} doubtful samples.")
        state.choose("dataset", made.id)
        st.rerun()
