"""A measurement that a page asks for: a button, then its progress, then what it found."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from tlcore.home import home
from tlcore.runs import jobs
from ui import state
from ui.guard import guard
from ui.words import duration, plain

__all__ = ["answer", "job", "progress", "settled", "soon", "waits"]

POLL_SECONDS = 0.5
GLANCE_SECONDS = 0.02
"""Between two looks while a page waits for an answer that comes at once."""


def job(
    kind: str,
    about: Mapping[str, Any],
    *,
    key: str,
    action: str,
    icon: str,
    note: str,
    show: Callable[[Mapping[str, Any]], None],
) -> None:
    """Show the answer to a question, how far it is, or the button that asks it."""
    now = jobs.look(home(), kind, about)
    if now.status == "done":
        show(now.result)
        return
    if now.live:
        progress(kind, about, key=key)
        return
    if now.status == "failed":
        st.error(plain(now.words), icon=":material/error:")
    st.caption(note)
    if st.button(action, icon=icon, key=f"ask-{key}"):
        with guard():
            jobs.ask(home(), kind, about)
        st.rerun()


def progress(kind: str, about: Mapping[str, Any], *, key: str) -> None:
    """How far a question is that was asked before; the page is drawn anew once that is settled."""
    st.fragment(_watch, run_every=POLL_SECONDS)(kind, dict(about), key)


def answer(kind: str, about: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What is known already; otherwise it is asked for in the background, for a later run of the page."""
    now = jobs.look(home(), kind, about)
    if now.status == "new":
        jobs.ask(home(), kind, about)
    if now.live or now.status == "new":
        waits(kind, about)
    return now.result if now.status == "done" else None


def soon(kind: str, about: Mapping[str, Any], *, within: float = 1.5) -> jobs.Job:
    """Ask, and wait so many seconds for the answer; what this session asked before and nobody needs is cancelled."""
    before = state.asked_anew(kind, about)
    if before is not None and jobs.look(home(), kind, before).live:
        jobs.cancel(home(), kind, before)
    return settled(kind, [about], within=within)[0]


def settled(kind: str, abouts: Sequence[Mapping[str, Any]], *, within: float) -> list[jobs.Job]:
    """Ask what nobody has asked yet, and wait so many seconds for all the answers."""
    until = time.monotonic() + within
    for about in abouts:
        if jobs.look(home(), kind, about).status == "new":
            jobs.ask(home(), kind, about)
    found = [jobs.look(home(), kind, about) for about in abouts]
    while any(now.live for now in found) and time.monotonic() < until:
        time.sleep(GLANCE_SECONDS)
        found = [jobs.look(home(), kind, about) for about in abouts]
    return found


def waits(kind: str, about: Mapping[str, Any]) -> None:
    """Draw the page anew once the answer is there; shows nothing."""
    st.fragment(_wait, run_every=POLL_SECONDS)(kind, dict(about))


def _wait(kind: str, about: Mapping[str, Any]) -> None:
    if not jobs.look(home(), kind, about).live:
        st.rerun()


def _watch(kind: str, about: Mapping[str, Any], key: str) -> None:
    now = jobs.look(home(), kind, about)
    if not now.live:
        st.rerun()
    left = f", about {duration(now.left)} to go" if now.left is not None else ""
    words = now.words or "starting"
    st.progress(min(1.0, now.share), text=plain(f"{words[:1].upper()}{words[1:]}{left}"))
    if st.button("Cancel", icon=":material/close:", key=f"cancel-{key}"):
        jobs.cancel(home(), kind, about)
        st.rerun()
