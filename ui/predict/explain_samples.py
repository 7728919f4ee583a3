"""Explain: samples of a split, the worst errors first, and what each answer rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import streamlit as st

from tlcore.data import Dataset
from tlcore.evaluation.attributions import METHODS
from tlcore.evaluation.attributions_colours import overlay
from tlcore.evaluation.calibration import probabilities
from tlcore.evaluation.metrics import worst
from tlcore.evaluation.predictions import Predictions, kept
from tlcore.home import home
from tlcore.runs import Run, run_folder
from tlcore.runs.explaining import Source, heat_of, input_of, question
from tlcore.runs.temperature import temperature_of
from ui import state
from ui.data.tiles import text_table, tiles
from ui.guard import guard
from ui.job import job
from ui.layout import card
from ui.predict.explain import LIMITS, confidences, explain
from ui.predict.token_scores import token_scores
from ui.words import confidence, plain, short, visible

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["explain_samples", "neighbour"]

A_PAGE, WORST, COLUMNS = 12, 12, 4
OPACITY = 0.65
SPLITS: Mapping[str, str] = {"test": "Test", "val": "Validation"}
ORDERS: Mapping[str, str] = {"worst": "Worst errors", "all": "All samples"}


def explain_samples(run: Run) -> None:
    """Draw the view."""
    with guard():
        dataset = state.dataset(run.dataset)
        with st.container(horizontal=True, key="explain-which"):
            split = state.segment("split", list(SPLITS), lambda name: SPLITS[name], label="Split")
            order = state.segment("order", list(ORDERS), lambda name: ORDERS[name], label="Show")
        known = kept(run_folder(home(), run.id), split)
        if known is None or known.epoch != run.best_epoch:
            _ask(run, split)
            return
        rows = (known.rows[worst(known, temperature_of(home(), run))] if order == "worst" else known.rows).tolist()
        if not rows:
            st.success("No errors on this split. Choose all samples.", icon=":material/check_circle:")
            return
        _chosen(run, dataset, known, rows)
        if order == "worst":
            _gallery(run, dataset, rows[:WORST])


def _ask(run: Run, split: str) -> None:
    job(
        "predictions",
        {"run": run.id, "split": split, "epoch": run.best_epoch},
        key=f"explain-{split}",
        action=f"Score {SPLITS[split].lower()}",
        icon=":material/calculate:",
        note="The answers on this split are not kept, so its errors are not known. Scoring takes seconds to minutes.",
        show=lambda _: st.caption("The answers are no longer kept; score the split again from Evaluate."),
    )


def _chosen(run: Run, dataset: Dataset, known: Predictions, rows: Sequence[int]) -> None:
    """The samples to choose from, a page at a time, then the chosen one explained."""
    with card("Samples", key="explain-samples-card"):
        n = -(-len(rows) // A_PAGE)
        page = st.pagination(n, key=f"explain-page-{run.id}") if n > 1 else 1
        shown = rows[(page - 1) * A_PAGE : page * A_PAGE]
        inside, places = np.sort(known.rows), {row: place for place, row in enumerate(known.rows.tolist())}
        fits = state.linked("explain-row", rows[0], lambda row: bool(np.isin(row, inside)))
        said = known.logits[[places[row] for row in shown]]
        sure = probabilities(said, temperature_of(home(), run)).max(1)
        notes = [
            f"answered {visible(dataset.classes[answer])}, {confidence(float(share))}"
            for answer, share in zip(said.argmax(1), sure, strict=True)
        ]
        tiled = f"explain-tiles-{run.id}"
        text = dataset.modality == "text"
        draw = text_table if text else tiles
        clicked = draw(dataset, shown, key=tiled, notes=notes)
        if clicked is not None and str(clicked) != st.query_params.get("explain-row"):
            st.query_params["explain-row"] = str(clicked)
            st.rerun()
        row = st.number_input(
            "Number of the sample",
            int(inside[0]),
            int(inside[-1]),
            step=1,
            width=240,
            help=f"A row of the {known.split} split; a number that belongs to another split leads to the next of this.",
            key=fits["key"],
            on_change=_follow,
            args=(inside, rows[0]),
        )
    with card("What its answer rests on", key="explain-card"):
        _facts(dataset, int(row))
        explain(run, Source(dataset=dataset.id, row=int(row)), key=f"{run.id}-{row}")


def _follow(inside: NDArray[np.int64], default: int) -> None:
    """Go to the number that was entered, or else to the next one of the split in the direction of the change."""
    now, asked = int(state.entered("explain-row")), st.query_params.get("explain-row", "")
    before = int(asked) if asked.isdecimal() else default
    st.query_params["explain-row"] = str(neighbour(inside, now, forward=now > before))


def neighbour(inside: NDArray[np.int64], row: int, *, forward: bool) -> int:
    """The row itself if it is among those inside (ascending), else the next above or below it; at an end, the last."""
    place = int(np.searchsorted(inside, row, side="left" if forward else "right")) - (0 if forward else 1)
    return int(inside[min(max(place, 0), len(inside) - 1)])


def _facts(dataset: Dataset, row: int) -> None:
    facts = dataset.manifest().iloc[row]
    st.markdown(
        f"Sample **{row:,}**, in truth **{plain(dataset.classes[facts['label']])}**, of the {facts['split']} split, "
        f"from {plain(short(facts['origin'], 80))}."
    )


def _gallery(run: Run, dataset: Dataset, rows: Sequence[int]) -> None:
    about = question(run, [Source(dataset=dataset.id, row=row) for row in rows])
    with card(f"The {len(rows)} worst errors at once", key="explain-gallery-card"):
        job(
            "explain",
            about,
            key="explain-gallery",
            action=f"Explain the {len(rows)} worst",
            icon=":material/grid_view:",
            note="One map for each, for the class that was answered.",
            show=lambda result: _maps(run, about, result, dataset, rows),
        )


def _maps(run: Run, about: Mapping[str, Any], result: Mapping[str, Any], dataset: Dataset, rows: Sequence[int]) -> None:
    columns: Literal[1, 4] = 1 if dataset.modality == "text" else COLUMNS
    labels = dataset.labels()
    for start in range(0, len(rows), columns):
        places = range(start, min(start + columns, len(rows)))
        for column, place in zip(st.columns(columns), places, strict=False):
            item, row = result["items"][place], rows[place]
            with column:
                _map(about, item, place, f"{row}")
                st.caption(
                    f"Sample {row:,}: {plain(dataset.classes[labels[row]])} taken for "
                    f"**{plain(dataset.classes[item['answer']])}**, "
                    f"{confidence(confidences(run, item)[item['answer']])} sure"
                )
    colours = METHODS[result["items"][0]["method"]].colours.format(name="the answered class")
    st.caption(f"{colours} {LIMITS}")


def _map(about: Mapping[str, Any], item: Mapping[str, Any], place: int, name: str) -> None:
    from PIL import Image

    if "words" in item:
        token_scores(item["words"], key=f"explain-gallery-{name}")
        return
    facts = METHODS[item["method"]]
    with Image.open(input_of(home(), about, place)) as file:
        drawn = overlay(file.convert("RGB"), heat_of(home(), about, place), OPACITY, signed=facts.signed)
    st.image(drawn, width="stretch", alt=f"{facts.title} over sample {visible(name)}")
