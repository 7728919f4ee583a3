"""The checks of a dataset: what they found, how it looks, and a fix in a click."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from tlcore.data import Dataset, list_datasets, load_dataset
from tlcore.data.checks import Check, Finding, Fix, Report, mend
from tlcore.data.checks import checks as known_checks
from tlcore.home import home
from tlcore.runs import jobs
from tlcore.runs.checking import about as asked
from tlcore.runs.deletion import MOST_RUNS, delete_dataset
from ui import state
from ui.data import state as data_state
from ui.data.distributions import distributions
from ui.data.examples import examples
from ui.guard import guard
from ui.job import job
from ui.models import entries
from ui.words import duration, plain, visible

__all__ = ["checks"]

LOOKS = {
    "error": (":red[:material/error:]", "red", "must be mended"),
    "warning": (":orange[:material/warning:]", "orange", "look at it"),
    "info": (":blue[:material/info:]", "blue", "good to know"),
}


def checks(dataset: Dataset) -> None:
    """Draw the view; the checks begin when it is opened, and their answer is kept."""
    _undo(dataset)
    about = asked(dataset, _backbone() if dataset.modality == "text" else "")
    if jobs.look(home(), "checks", about).status == "new" and not jobs.cancelled(home(), "checks", about):
        jobs.ask(home(), "checks", about)

    def show(found: Mapping[str, Any]) -> None:
        _report(dataset, Report.from_dict(found))

    job(
        "checks",
        about,
        key="checks",
        action="Check this dataset",
        icon=":material/fact_check:",
        note="Looks at every sample once: copies, leaks between the splits, labels, and what is wrong with single "
        f"{dataset.modality}s.",
        show=show,
    )


def _backbone() -> str:
    """Whose tokens and languages count."""
    usable = {entry.record.name: entry.record for entry in entries() if entry.record.modality == "text" and entry.here}
    if len(usable) < 2:
        return next(iter(usable), "")
    return state.pick("backbone", list(usable), lambda name: visible(usable[name].title), label="Check for this model")


def _undo(dataset: Dataset) -> None:
    """What was changed, and the way back: the dataset it was made from is still there."""
    if not dataset.parent:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="undo-row"):
        st.markdown(f":material/history: {plain(dataset.change or 'Made from another dataset.')}", width="content")
        st.button(
            "Undo",
            icon=":material/undo:",
            key="undo-fix",
            help="Back to the dataset this one was made from. This one is deleted, unless a run has used it.",
            on_click=_back,
            args=(dataset,),
        )


def _back(dataset: Dataset) -> None:
    """To the parent; what was made in between goes, unless something was built on it."""
    with guard():
        load_dataset(home(), dataset.parent)
        store = state.studio().store
        used = any(run.dataset == dataset.id for run in store.runs(limit=MOST_RUNS))
        if not used and not any(other.parent == dataset.id for other in list_datasets(home())):
            delete_dataset(store, dataset)
        state.choose("dataset", dataset.parent)


def _report(dataset: Dataset, report: Report) -> None:
    by_name = {check.name: check for check in known_checks(dataset.modality)}
    _headline(dataset, report)
    for number, finding in enumerate(report.findings):
        _finding(dataset, finding, number, by_name[finding.check])
    _passed([by_name[name] for name in report.passed])
    distributions(report.histograms)


def _headline(dataset: Dataset, report: Report) -> None:
    n = sum(finding.level != "info" for finding in report.findings)
    notes = len(report.findings) - n
    words = "No problem found" if not n else f"{n} {'problem' if n == 1 else 'problems'} found"
    words += f", {notes} {'note' if notes == 1 else 'notes'}" if notes else ""
    icon = ":green[:material/verified:]" if not n else ":orange[:material/rule:]"
    took = f"{dataset.n_samples:,} {dataset.modality}s checked in {duration(report.seconds)}"
    new = f", {report.n_measured:,} of them measured for the first time"
    new = "" if report.n_measured == dataset.n_samples else new if report.n_measured else "; all were measured before"
    st.subheader(f"{icon} {words}", anchor=False)
    st.caption(f"{took}{new}.")


def _finding(dataset: Dataset, finding: Finding, number: int, check: Check) -> None:
    icon, colour, _ = LOOKS[finding.level]
    with st.container(border=True, key=f"finding-{finding.check}-{number}"):
        with st.container(horizontal=True, vertical_alignment="center", key=f"finding-head-{number}"):
            st.markdown(f"{icon} **{plain(finding.title)}**", width="content")
            st.badge(plain(check.title), color=colour)
        st.markdown(plain(finding.text))
        if finding.rows or finding.places:
            with st.expander("Examples", icon=":material/visibility:", key=f"examples-{number}-{dataset.id}"):
                examples(dataset.id, finding, number)
        with st.container(horizontal=True, key=f"fixes-{number}"):
            for place, fix in enumerate(finding.fixes):
                st.button(
                    plain(fix.title),
                    icon=":material/build:",
                    key=f"fix-{finding.check}-{number}-{place}",
                    on_click=_fix,
                    args=(dataset, finding.check, fix),
                )


def _fix(dataset: Dataset, check: str, fix: Fix) -> None:
    with guard():
        made = mend(dataset, fix, spare=data_state.spared(dataset.id, check))
        state.choose("dataset", made.id)
        st.toast(plain(made.change or fix.change), icon=":material/check:")


def _passed(passed: list[Check]) -> None:
    if not passed:
        return
    n = len(passed)
    with st.expander(f"{n} {'check' if n == 1 else 'checks'} passed", icon=":material/check_circle:", key="passed"):
        lines = [f"- :green[:material/check:] **{plain(one.title)}.** {plain(one.summary)}" for one in passed]
        st.markdown("\n".join(lines))
