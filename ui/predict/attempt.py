"""Try it: a trained model, and a second one if wanted, on input of the user's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from tlcore.errors import TlcoreError
from tlcore.home import home
from tlcore.runs import Run
from tlcore.runs.tries import LIMITS, MOST_INPUTS, Try, answers, begun, opened
from ui import state
from ui.guard import guard, say
from ui.job import progress, settled
from ui.layout import card
from ui.naming import run_title
from ui.predict.attempt_answer import answer
from ui.predict.attempt_table import chosen_input
from ui.predict.attempt_test import from_test
from ui.uploading import uploader
from ui.words import plain

__all__ = ["attempt"]

WITHIN_SECONDS = 1.5
TABLES = ("csv", "tsv", "txt", "xlsx", "json", "jsonl", "parquet")
LISTED = 500


def attempt(run: Run) -> None:
    """Draw the view."""
    with card("Your input", key="try-card"):
        if run.modality == "image":
            _images(run)
        else:
            _texts(run)
        _test_button(run)
    rival = _rival(run)
    of = opened(home(), run.id, state.remembered(_kind(run)) or "")
    if of is None:
        st.caption(
            "What you bring stays with the run under a name that only this session knows, for a day. "
            f"Up to {MOST_INPUTS:,} inputs are answered at once; `python -m tlcore predict {run.id} …` has no "
            "such bound."
        )
        return
    _answers(of, [run, *([rival] if rival else [])])


def _kind(run: Run) -> str:
    return f"try {run.id}"


def _images(run: Run) -> None:
    def take(files: Sequence[UploadedFile]) -> None:
        _begin(run, files=[(file.name, file) for file in files])

    # Any type: a file that the box itself turned away would be gone without a word as soon as the others are taken.
    uploader("Images, or a zip of them", take, many=True, most=LIMITS.max_bytes)
    if st.toggle("Use the camera", key="try-camera-on"):
        st.camera_input("Photograph", key="try-camera", on_change=_photographed, args=(run,))


def _photographed(run: Run) -> None:
    shot = state.entered("try-camera")
    if shot is not None:
        with guard():
            _begin(run, files=[("photograph.jpg", shot)])


def _texts(run: Run) -> None:
    def take(files: Sequence[UploadedFile]) -> None:
        _begin(run, files=[(file.name, file) for file in files])

    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.text_area("Text", key="try-text", height=140, placeholder="Type or paste a text")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Ask", type="primary", icon=":material/arrow_forward:", key="try-ask", on_click=_typed, args=(run,)
            )
            st.toggle("Each line is a text of its own", key="try-lines")
        refused = state.refusal()
        if refused is not None:
            say(refused)
    with right:
        uploader("Or a table with a column of texts", take, types=TABLES, many=True, most=LIMITS.max_table_bytes)


def _typed(run: Run) -> None:
    text = str(state.entered("try-text") or "")
    texts = [line.strip() for line in text.splitlines()] if state.entered("try-lines") else [text]
    found = [one for one in texts if one.strip()]
    if found:
        try:
            _begin(run, texts=found)
        except TlcoreError as error:
            state.refuse(error)


def _test_button(run: Run) -> None:
    st.button("Try one from the test split", icon=":material/shuffle:", key="try-test", on_click=_drawn, args=(run,))


def _drawn(run: Run) -> None:
    with guard():
        name, found = from_test(state.dataset(run.dataset))
        if isinstance(found, str):
            _begin(run, texts=[found], names=[name])
        else:
            _begin(run, files=[(name, found)])


def _begin(
    run: Run, *, files: Sequence[tuple[str, BinaryIO]] = (), texts: Sequence[str] = (), names: Sequence[str] = ()
) -> None:
    of = begun(home(), run.id, files=files, texts=texts, names=names)
    state.remember(_kind(run), of.token)


def _rival(run: Run) -> Run | None:
    """A second run of the same kind to ask too."""
    runs = state.studio().runs(LISTED)
    others = {one.id: one for one in runs if one.best_epoch and one.modality == run.modality and one.id != run.id}
    if not others:
        return None
    names = {key: run_title(one) for key, one in others.items()}
    picked = st.selectbox(
        "Compare with",
        ["", *others],
        format_func=lambda key: names.get(key, "no other run"),
        icon=":material/compare_arrows:",
        **state.linked("against", "", lambda key: key in others or not key),
    )
    return others.get(picked or "")


def _answers(of: Try, runs: Sequence[Run]) -> None:
    """What each of the runs says; asked now where nobody has, and waited for where it comes at once."""
    owner = runs[0].id
    abouts = [{"run": run.id, "of": owner, "token": of.token, "epoch": run.best_epoch} for run in runs]
    found = settled("try", abouts, within=WITHIN_SECONDS)
    said: list[tuple[Run, Mapping[str, Any]]] = []
    for run, about, now in zip(runs, abouts, found, strict=True):
        told = answers(of, run.id) if now.status == "done" else None
        if told is not None:
            said.append((run, told))
        elif now.status == "failed":
            st.error(plain(f"{run.name}: {now.words}"), icon=":material/error:")
        else:
            progress("try", about, key=f"try-{run.id}")
    if said:
        with guard():
            _shown(of, said)


def _shown(of: Try, said: Sequence[tuple[Run, Mapping[str, Any]]]) -> None:
    """A table where there are many inputs; of the one chosen, the answers side by side."""
    first = said[0][1]
    if len({told["temperature"] for _, told in said}) > 1:
        fitted = ", ".join(f"{plain(run.name)}: {_fitted(told['temperature'])}" for run, told in said)
        st.caption(f":material/thermostat: Confidences are not alike here ({fitted}); compare the answers, not these.")
    place = chosen_input(of, said) if len(first["inputs"]) > 1 else 0
    for column, (run, told) in zip(st.columns(len(said), gap="medium"), said, strict=True):
        with column, guard():
            answer(of, run, told, place)


def _fitted(temperature: float) -> str:
    return "no temperature fitted" if temperature == 1.0 else f"temperature {temperature:.2f}"
