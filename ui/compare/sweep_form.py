"""What a sweep is to try: models, strategies, options with their values or ranges, and within which bounds."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from tlcore.data import Dataset
from tlcore.data.augmentation import POLICIES
from tlcore.errors import RecipeError, TlcoreError
from tlcore.home import home
from tlcore.runs import jobs
from tlcore.runs.sweeps import METHODS, Axis, Estimate, Plan, begin, estimate
from tlcore.runs.sweeps.estimate import paces, questions
from tlcore.strategies import strategies
from ui import state
from ui.guard import guard
from ui.layout import card
from ui.models import entries
from ui.naming import option_title
from ui.person import me
from ui.words import plain, visible

__all__ = ["FORM", "form"]

FORM = "new-sweep"
"""What the form lies in is called so, also in the URL; it shuts once a sweep has begun."""

METHOD: Mapping[str, str] = {"tpe": "TPE", "random": "Random", "grid": "Grid"}
MOST_MODELS = 3
"""Ticked to begin with."""
POLL_SECONDS = 1.0
FIELDS: Mapping[str, tuple[str, str, str]] = {
    "rates": (option_title("rates"), "0.3..3", "A multiplier: all of a strategy's own rates are multiplied by it."),
    "head.width": ("Head width", "0, 256", "Units of the head's hidden layer; 0 is a plain linear head."),
    "epochs": ("Epochs", "", "Each strategy's own where empty."),
    "batch_size": ("Batch size", "", "16 where empty."),
}
ROWS = "Values with commas between, or a range as in 1e-4..1e-2."


def form(dataset: Dataset) -> None:
    """Draw it, the estimate, and the button that begins."""
    with card("What to try", key="sweep-form"):
        try:
            plan = _plan(dataset)
        except TlcoreError as error:
            st.error(plain(error), icon=":material/error:")
            return
        _begin(plan, dataset)


def _plan(dataset: Dataset) -> Plan:
    here = {entry.record.name: entry.record for entry in entries() if entry.here}
    names = [name for name, record in here.items() if record.modality == dataset.modality]
    kinds = {kind.name: kind.title for kind in strategies()}
    left, right = st.columns(2)
    fits = set(names).issuperset
    with left:
        models = st.multiselect(
            "Models", names, format_func=lambda name: visible(here[name].title),
            **state.linked("models", names[:MOST_MODELS], fits),
        )  # fmt: skip
    with right:
        chosen = st.multiselect(
            "Strategies", list(kinds), format_func=lambda name: kinds[name],
            **state.linked("strategies", ["feature_extraction"], set(kinds).issuperset),
        )  # fmt: skip
    axes = [Axis(name="backbone", values=tuple(models)), Axis(name="strategy", values=tuple(chosen))]
    axes += _options(dataset.modality, chosen)
    return Plan(dataset=dataset.id, axes=tuple(axes), **_bounds())


def _options(modality: str, chosen: list[str]) -> list[Axis]:
    shown = dict(FIELDS)
    if modality == "image":
        shown["augmentation"] = ("Augmentation", "", f"Policies: {', '.join(POLICIES)}.")
    if "lora" in chosen:
        shown["rank"] = ("LoRA rank", "4, 16", "The adapters' inner width.")
    texts: dict[str, str] = {}
    columns = st.columns(3)
    for number, (name, (title, usual, about)) in enumerate(shown.items()):
        with columns[number % 3]:
            linked = state.linked(f"try-{name.replace('.', '-')}", usual)
            texts[name] = st.text_input(title, help=f"{about} {ROWS}", placeholder="as usual", **linked)
    with columns[len(shown) % 3]:
        more = st.text_input(
            "More options",
            help=f"As `train --set` names them, with semicolons between: `lr=1e-4..1e-2; patience=0, 3`. {ROWS}",
            **state.linked("try-more", ""),
        )
    for part in filter(None, (part.strip() for part in more.split(";"))):
        name, equals, text = part.partition("=")
        if not equals:
            raise RecipeError(f"More options are name=values, as in lr=1e-4..1e-2; got {part!r}.")
        texts[name.strip()] = text
    return [Axis.parse(name, text) for name, text in texts.items() if text.strip()]


def _bounds() -> dict[str, object]:
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="sweep-bounds")
    with row:
        method = st.segmented_control(
            "Method", list(METHOD), format_func=lambda name: METHOD[name], required=True,
            help="TPE learns from the trials so far which values are worth trying; grid takes every combination.",
            **state.linked("method", "tpe", METHODS.__contains__),
        )  # fmt: skip
        trials = st.number_input(
            "Trials", 1, 1000, step=1, width=130, disabled=method == "grid", help="At most so many. A grid takes all.",
            **state.linked("trials", 20, lambda n: 1 <= n <= 1000),
        )  # fmt: skip
        minutes = st.number_input(
            "Budget (minutes)", 0.0, 100_000.0, step=5.0, width=160,
            help="When it is used up, what trains is stopped and kept. 0 is no limit. Waiting for others is free.",
            **state.linked("budget", 30.0, lambda n: 0 <= n <= 100_000),
        )  # fmt: skip
        pruning = st.toggle(
            "Stop hopeless trials",
            help="Successive halving on val accuracy: at epochs 1, 3, 9, 27 ... only the best third so far goes on. "
            "It begins once 5 trials (half of them, if that is less) are finished, and spares a trial's last epoch.",
            **state.linked("pruning", True),
        )
    budget = 60 * minutes if minutes else None
    return {"method": method or "tpe", "trials": int(trials), "budget": budget, "pruning": pruning}


def _begin(plan: Plan, dataset: Dataset) -> None:
    studio = state.studio()
    known = paces(plan, dataset, studio)
    found = estimate(plan, known, studio.slots())
    asked = questions(plan, found.unknown)
    looked = [jobs.look(home(), "cost", about) for about in asked]
    measuring = any(job.live for job in looked)
    titles = {entry.record.name: entry.record.title for entry in entries()}
    titles |= {kind.name: kind.title for kind in strategies()}
    st.markdown(f":material/schedule: {plain(found.words(titles))}")
    for job in looked:
        if job.status == "failed":
            st.warning(plain(job.words), icon=":material/warning:")
    with st.container(horizontal=True, vertical_alignment="center", key="sweep-begin"):
        if st.button("Start the sweep", type="primary", icon=":material/play_arrow:", key="sweep-start"):
            _start(plan, found)
        if asked and not measuring and st.button("Measure the pace", icon=":material/timer:", key="sweep-measure"):
            with guard():
                for about in asked:
                    jobs.ask(home(), "cost", about)
            st.rerun()
    if measuring:
        st.fragment(_measuring, run_every=POLL_SECONDS)(asked)


def _measuring(asked: tuple[Mapping[str, object], ...]) -> None:
    jobs_now = [jobs.look(home(), "cost", about) for about in asked]
    if not any(job.live for job in jobs_now):
        st.rerun()
    done = sum(1.0 if not job.live else job.share for job in jobs_now) / len(jobs_now)
    st.progress(done, text=f"Taking a few steps with each pair: {len(jobs_now)} to measure")


def _start(plan: Plan, found: Estimate) -> None:
    with guard():
        made = begin(state.studio(), plan, user=me(), estimate=found.seconds)
        state.choose("sweep", made.id)
        st.query_params.pop(FORM, None)
        st.rerun()
