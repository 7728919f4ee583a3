"""The queue as its people see it: who is next, when about, why a run waits, and one's own to move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from ui import state
from ui.guard import guard
from ui.layout import card
from ui.person import me
from ui.words import duration, plain, short

if TYPE_CHECKING:
    from tlcore.runs import Run
    from tlcore.runs.queue import Waiting

__all__ = ["queue", "starts"]

MOST = 12


def queue(waiting: Sequence[Waiting]) -> None:
    """All runs that wait, in the order in which they will start; nothing where none does."""
    if not waiting:
        return
    studio, user = state.studio(), me()
    slots = studio.slots()
    with card("Queue", key="queue-card", icon=":material/hourglass_empty:"):
        at_once = "one run at a time" if slots == 1 else f"{slots:,} runs at a time"
        st.caption(f"This server trains {at_once}, and people take turns. Everybody orders their own runs.")
        for one in waiting[:MOST]:
            own = [other.run for other in waiting if other.run.user == one.run.user]
            _line(one, own if studio.may(one.run, user) else [])
        if len(waiting) > MOST:
            st.caption(f"And {len(waiting) - MOST:,} more.")


def starts(one: Waiting) -> str:
    """When it begins, as far as that can be said."""
    if one.starts_in is None:
        return "start unknown"
    return "starts now" if one.starts_in < 1 else f"starts in about {duration(one.starts_in)}"


def _line(one: Waiting, own: Sequence[Run]) -> None:
    """A row of the queue; with buttons where the run is among one's `own`, which are in order."""
    run = one.run
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"queued-{run.id}"):
        st.markdown(f"**{one.position:,}.**", width="content")
        if st.button(plain(short(run.name)), key=f"open-queued-{run.id}", type="tertiary"):
            state.remember("run", run.id)
            st.switch_page("pages/train.py", query_params={"run": run.id})
        who = f"{plain(run.user)} · " if run.user else ""
        st.caption(f"{who}{starts(one)} · {plain(one.why)}", width="content")
        st.space("stretch")
        if not own:
            return
        at = [other.id for other in own].index(run.id)
        studio, user = state.studio(), me()
        behind = own[at + 2].id if at + 2 < len(own) else None
        _button("up", run, "Earlier", "arrow_upward", lambda: studio.move(run.id, own[at - 1].id, user=user), at == 0)
        last = at == len(own) - 1
        _button("down", run, "Later", "arrow_downward", lambda: studio.move(run.id, behind, user=user), last)
        _button("withdraw", run, "Withdraw", "close", lambda: studio.withdraw(run.id, user=user), False)


def _button(what: str, run: Run, title: str, icon: str, act: Callable[[], object], off: bool) -> None:
    def press() -> None:
        with guard():
            act()

    sign = f":material/{icon}:"
    st.button(title, icon=sign, key=f"{what}-{run.id}", type="tertiary", disabled=off, on_click=press)
