"""What a run is judged by: a split of its own data, or another dataset; and the answers to it, scored where missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import streamlit as st

from tlcore.data import Dataset, list_datasets
from tlcore.errors import DataError
from tlcore.evaluation.matching import Match, Part, match, shared_classes
from tlcore.home import home
from tlcore.runs import Run, jobs
from tlcore.runs.answers import answers_of
from tlcore.runs.elsewhere import answers_elsewhere, question
from tlcore.runs.temperature import temperature_of
from ui import state
from ui.guard import guard, say
from ui.job import job
from ui.predict.judged import Elsewhere, Judged
from ui.words import plain, short, visible

__all__ = ["data"]

OWN: Mapping[str, str] = {"test": "Test split of the run's own data", "val": "Val split of the run's own data"}
PARTS: Mapping[str, str] = {"all": "All samples", "test": "Its test split"}
HELP = (
    "Test is what no training and no choice has seen. Val picked the epoch (and perhaps more), so scores on it are too "
    "good. Another dataset says how the model does where it was not trained: its classes are matched by name."
)
PART_HELP = "The run was not trained on this dataset, so all its samples are material, not only its test split."
LEARNED_HELP = (
    "They are left out unless you count them: on samples that it was fitted or chosen on, a model shows what it "
    "remembers, not what it can do."
)


def data(run: Run) -> Judged | None:
    """Draw the choice; the answers to what is chosen, or None where what gets them, or why there are none, is drawn."""
    try:
        own = state.dataset(run.dataset)
    except DataError:
        st.info(
            "The dataset of this run was deleted, so its samples cannot be shown or scored.",
            icon=":material/folder_off:",
        )
        return None
    others = {one.id: one for one in list_datasets(home()) if one.modality == own.modality and one.id != own.id}
    left, right = st.columns([3, 1], vertical_alignment="bottom")  # one below the other on a phone
    with left:
        on = _chosen(own, others)
    if on not in others:
        return _at_home(run, own, on)
    with right:
        part = state.segment("part", list(PARTS), PARTS.__getitem__, label="Which", help_text=PART_HELP)
    try:
        return _elsewhere(run, own, state.dataset(on), cast(Part, part))
    except DataError as error:
        say(error)
        return None


def _chosen(own: Dataset, others: Mapping[str, Dataset]) -> str:
    """A select box whose choice is in the URL as `?on=`: "test", "val" or a dataset's id."""
    options, asked = [*OWN, *others], st.query_params.get("on")
    current = next((one for one in (asked, state.remembered("on")) if one in options), "test")
    if asked is not None and asked not in (*options, own.id):
        st.warning(
            f"There is no dataset {plain(short(asked))} of {own.modality}s here. Showing another.",
            icon=":material/search_off:",
        )
    state.write({"pick-on": current})
    state.choose("on", current)

    def name(one: str) -> str:
        return OWN[one] if one in OWN else _named(own, others[one])

    def follow() -> None:
        st.query_params["on"] = state.entered("pick-on")
        st.query_params.pop("learned", None)

    return st.selectbox(
        "Data", options, format_func=name, key="pick-on", on_change=follow, help=HELP, icon=":material/database:"
    )


def _named(own: Dataset, other: Dataset) -> str:
    n = len(shared_classes(own.classes, other.classes))
    known = f"{n:,} of {len(other.classes):,} classes shared" if n else "no class in common"
    return f"{visible(short(other.name))} · {other.n_samples:,} {other.modality}s · {known} · {other.id}"


def _at_home(run: Run, own: Dataset, split: str) -> Judged | None:
    if split == "val":
        st.warning(
            "Val picked this run's epoch, and may have picked more: these scores are too good. Report those on test.",
            icon=":material/visibility:",
        )
    found = answers_of(home(), run, split)
    if found is None:
        unused = " It meets this run for the first time." if split == "test" and run.test_accuracy is None else ""
        _score(
            "predictions",
            {"run": run.id, "split": split, "epoch": run.best_epoch},
            split,
            f"Score the {split} split",
            f"The single answers on the {split} split are not kept yet. Scoring uses the weights that are kept."
            f"{unused}",
        )
        return None
    if not len(found.labels):
        st.info(f"The {split} split of this dataset is empty.", icon=":material/inbox:")
        return None
    return Judged(run=run, split=split, dataset=own, found=found, temperature=temperature_of(home(), run))


def _elsewhere(run: Run, own: Dataset, other: Dataset, part: Part) -> Judged | None:
    matched = _match(own.id, other.id, part, own, other)
    found = answers_elsewhere(home(), run, other.id, matched)
    if found is None:
        _told(matched, learned=False)
        n = len(matched.rows)
        _score(
            "elsewhere",
            question(run, other.id, part),
            f"{other.id}-{part}",
            f"Score {n:,} {other.modality}s" if n > 1 else f"Score 1 {other.modality}",
            "Scored once with the weights that are kept, as the run's own test split was, and kept with the run.",
        )
        return None
    learned = bool(matched.learned.any()) and st.toggle(
        "Count the samples that are in the run's train or val split",
        help=LEARNED_HELP,
        **state.linked("learned", False),
    )
    _told(matched, learned=learned)
    judged = matched.judged(found, learned=learned)
    if not len(judged.labels):
        st.info(
            "Nothing is left to judge the run by: every sample here is in its own train or val split.",
            icon=":material/inbox:",
        )
        return None
    place = Elsewhere(own=own, matched=matched, learned=learned)
    cooled = temperature_of(home(), run)
    return Judged(run=run, split=part, dataset=other, found=judged, temperature=cooled, elsewhere=place)


@st.cache_resource(show_spinner=False, max_entries=16)
def _match(own: str, other: str, part: Part, _own: Dataset, _other: Dataset) -> Match:
    return match(_own, _other, part)


def _told(matched: Match, *, learned: bool) -> None:
    """What is left out, and why; a warning where samples were learned from."""
    if warning := matched.warning(counts=learned):
        st.warning(plain(warning), icon=":material/content_copy:")
    said = [plain(sentence) for sentence in matched.sentences()]
    if said:
        st.info("\n".join(f"- {one}" for one in said) if len(said) > 1 else said[0], icon=":material/rule:")


def _score(kind: str, about: Mapping[str, Any], key: str, action: str, note: str) -> None:
    def lost(_: Mapping[str, Any]) -> None:
        st.info("The answers were scored, but are not kept any more or cannot be read.", icon=":material/history:")
        if st.button("Score again", icon=":material/refresh:", key=f"again-{key}"):
            with guard():
                jobs.again(home(), kind, about)
            st.rerun()

    job(kind, about, key=f"score-{key}", action=action, icon=":material/play_arrow:", note=note, show=lost)
