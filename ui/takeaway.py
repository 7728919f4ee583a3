"""Taking a run's model home: each form made when it is asked for, checked, then handed out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from tlcore.export import Form, offered
from tlcore.export.making import REVISION, Made
from tlcore.home import home
from tlcore.reporting.words import moment
from tlcore.runs import Run, jobs
from tlcore.runs.forecast import forecast
from tlcore.runs.takeaway import file_of, handed, kept, outdated, standard
from tlcore.runs.temperature import temperature_of
from ui.download import takeaway_address
from ui.guard import guard
from ui.job import progress
from ui.layout import card
from ui.words import duration, plain, size

__all__ = ["takeaway"]

KIND = "takeaway"
SMALL = 100_000
"""Bytes below which no size is foretold."""


def takeaway(run: Run) -> None:
    """Draw the card: a row for each form, an archive of several, and the hub."""
    if not run.best_epoch:
        return
    with card("Take home", key="takeaway-card", icon=":material/redeem:"):
        st.markdown("What holds a model is loaded again and compared with the run before it is offered.")
        made = kept(home(), run)
        _known(run, made)
        for form in offered(run.modality, run.strategy):
            _row(run, form, made)
        _archive(run, made)
        _hub(run)
        st.caption(
            f"From the shell: `python -m tlcore export {run.id} --format onnx --out DIR`, and "
            f"`python -m tlcore serve {run.id}`."
        )


def _known(run: Run, made: Mapping[str, Made]) -> None:
    """What holds for all rows: how good the estimates are, and why what was prepared before may not be there."""
    new = [form.name for form in offered(run.modality, run.strategy) if form.name not in made]
    if not all(forecast(home(), run, (name,), made).measured for name in new):
        st.caption("Sizes and times are rough, for not all of it was made here before.")
    if outdated(home(), run):
        st.info(
            "Some forms were prepared while this run had another temperature, or none. Each form holds the "
            "temperature, so with the present one they are prepared anew.",
            icon=":material/thermostat:",
        )


def _row(run: Run, form: Form, made: Mapping[str, Made]) -> None:
    one = made.get(form.name)
    file = handed(home(), run, one) if one else None
    with st.container(border=True, key=f"take-{form.name}"):
        left, right = st.columns([4, 1], vertical_alignment="center", gap="small")
        with left:
            st.markdown(f"{form.icon} **{form.title}**  \n{form.purpose}")
            st.caption(_told(one, zipped=_ready(run, form, file)) if one else _foretold(run, (form.name,), made))
        with right:
            if one and file:
                _download(run, {"file": file, "bytes": one.n_bytes}, form.name)
            else:
                _action(run, (form.name,), key=form.name, label="Pack the zip" if one else "Prepare")
        if one and one.caution:
            st.warning(plain(one.caution), icon=":material/warning:")
        if not file:
            _state(run, (form.name,), key=form.name)


def _ready(run: Run, form: Form, file: str | None) -> bool:
    """Whether there is one file to hand out: the form's only one, or the zip that was packed of several."""
    done = jobs.look(home(), KIND, _about(run, (form.name,)))
    return file is not None or (done.status == "done" and file_of(home(), run, str(done.result["file"])) is not None)


def _told(one: Made, *, zipped: bool) -> str:
    """When the form was made, whether it can be handed out, and our own sentence of what was checked then."""
    when = f"Made {plain(moment(one.at))}" if one.at else "Made before"
    packed = "" if zipped else "; its zip is not packed yet"
    return f":material/verified: {when}{packed}. {_coded(one.words)}"


def _coded(words: str) -> str:
    """What stands between backticks as code."""
    parts = words.split("`")
    return "".join(f"`{part}`" if i % 2 and i < len(parts) - 1 else plain(part) for i, part in enumerate(parts))


def _foretold(run: Run, names: tuple[str, ...], made: Mapping[str, Made]) -> str:
    """How large and how long, before anybody waits for it."""
    ahead = forecast(home(), run, names, made)
    what = f"About {size(ahead.n_bytes)}, " if ahead.n_bytes > SMALL else "Small; "
    known = " (as it took here before)" if ahead.measured else ""
    return f":material/schedule: {what}{duration(ahead.seconds)}{known}."


def _about(run: Run, names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "run": run.id,
        "epoch": run.best_epoch,
        "temperature": temperature_of(home(), run),
        "formats": list(names),
        "revision": REVISION,
    }


def _action(run: Run, names: tuple[str, ...], *, key: str, label: str) -> None:
    """The button that has it made, or the link to what was made."""
    about = _about(run, names)
    now = jobs.look(home(), KIND, about)
    if now.status == "done" and file_of(home(), run, str(now.result["file"])) is None:
        jobs.forget(home(), KIND, about)
        now = jobs.look(home(), KIND, about)
    if now.status == "done":
        _download(run, now.result, key)
    elif not now.live and st.button(
        label, icon=":material/build:", key=f"prepare-{key}", width="stretch", disabled=not names
    ):
        with guard():
            jobs.ask(home(), KIND, about)
        st.rerun()


def _state(run: Run, names: tuple[str, ...], *, key: str) -> None:
    """How far it is, or why it failed."""
    about = _about(run, names)
    now = jobs.look(home(), KIND, about)
    if now.live:
        progress(KIND, about, key=f"take-{key}")
    elif now.status == "failed":
        st.error(plain(now.words), icon=":material/error:")
    for name, why in now.result.get("refused", {}).items():
        st.warning(f"Without {plain(name)}: {plain(why)}", icon=":material/warning:")


def _download(run: Run, done: Mapping[str, Any], key: str) -> None:
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    st.link_button(
        f"Download ({size(int(done['bytes']))})",
        f"{f'/{base}' if base else ''}{takeaway_address(run.id, str(done['file']))}",
        type="primary",
        icon=":material/download:",
        key=f"download-{key}",
        width="stretch",
    )


def _archive(run: Run, made: Mapping[str, Made]) -> None:
    forms = {form.name: form.title for form in offered(run.modality, run.strategy)}
    with st.container(border=True, key="take-archive"):
        chosen = st.multiselect(
            "One archive of", list(forms), default=list(standard(run)), format_func=forms.__getitem__, key="take-chosen"
        )
        names = tuple(name for name in forms if name in chosen)
        if names and not jobs.look(home(), KIND, _about(run, names)).result:
            there = [forms[name] for name in names if name in made]
            st.caption(_foretold(run, names, made) + (f" Made already: {', '.join(there)}." if there else ""))
        _action(run, names, key="archive", label="Prepare the archive")
        _state(run, names, key="archive")


def _hub(run: Run) -> None:
    """The token is the visitor's own, never the server's, and is neither stored nor written to a log."""
    with (
        st.expander("Hugging Face hub", icon=":material/cloud_upload:", key="take-hub"),
        st.form("hub-form", clear_on_submit=True, border=False),
    ):
        repository = st.text_input("Repository", placeholder="owner/name", key="hub-repository")
        token = st.text_input("Token", type="password", key="hub-token", placeholder="hf_…")
        private = st.checkbox("Private", value=True, key="hub-private")
        update = st.checkbox("Into a repository that is there already", key="hub-update")
        st.caption("The model's folder and its card are uploaded; prepare both above first. The token is not kept.")
        if st.form_submit_button("Upload", icon=":material/cloud_upload:", key="hub-upload"):
            with guard(), st.spinner("Uploading"):
                _upload(run, repository.strip(), token, private, update)


def _upload(run: Run, repository: str, token: str, private: bool, update: bool) -> None:
    from tlcore.export.hub import push
    from tlcore.runs.takeaway import ready

    where = push(ready(home(), run), repository, token=token, private=private, update=update, message=f"Run {run.id}")
    st.success(f"Uploaded to {plain(where)}", icon=":material/check_circle:")
