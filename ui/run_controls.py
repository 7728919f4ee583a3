"""What can be done with a run now: one row of buttons, which changes with its state.

Each press only changes a row, shows its intent at once, and is harmless the second time, here or in another tab.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from tlcore.runs import RESUMABLE, Run
from tlcore.training import Recipe
from ui import state
from ui.guard import guard
from ui.person import me
from ui.words import plain

__all__ = ["controls", "onward", "owner"]

RESUME_HELP = "Goes on from the last saved state; every loss is the one it would have been."
STOP_HELP = "Ends after the current step. The best model so far is kept, and scored on the test split."
PAUSE_HELP = "Writes its state and frees the device for others. Resume goes on exactly there."
MOST_EPOCHS = 10_000


def controls(run: Run) -> None:
    """Buttons of a run that waits, works or is paused."""
    studio, user = state.studio(), me()
    own = _own(run)
    if run.status == "queued":
        _act("withdraw", "Withdraw", "close", lambda: studio.withdraw(run.id, user=user), own, "Leaves the queue.")
        return
    pausing, stopping = run.status == "pausing", run.status == "stopping"
    if not stopping:
        title = "Pausing…" if pausing else "Pause"
        _act("pause", title, "pause", lambda: studio.pause(run.id, user=user), own, PAUSE_HELP, off=pausing)
    title = "Stopping…" if stopping else "Stop"
    _act("stop", title, "stop", lambda: studio.stop(run.id, user=user), own, STOP_HELP, off=stopping)


def onward(run: Run) -> None:
    """Buttons of a run at rest: they lead to another state of the page, which is drawn anew."""
    studio, user, own = state.studio(), me(), _own(run)
    if run.status in RESUMABLE:
        act = lambda: studio.resume(run.id, user=user)  # noqa: E731
        _act("resume", "Resume", "play_arrow", act, own, RESUME_HELP, whole=True, primary=run.status == "paused")
    if run.status == "paused":
        act = lambda: studio.stop(run.id, user=user)  # noqa: E731
        _act("stop", "Stop", "stop", act, own, "Ends it: the best model so far is scored and kept.", whole=True)
    if run.status == "finished":
        _extend(run, own)
    if run.status != "paused" and st.button(
        "Start again", icon=":material/replay:", key="again", help="A new run with the same recipe."
    ):
        with guard():
            _again(run)


def _act(
    key: str,
    title: str,
    icon: str,
    act: Callable[[], object],
    own: bool,
    about: str,
    *,
    off: bool = False,
    whole: bool = False,
    primary: bool = False,
) -> None:
    """A button; `whole` draws the whole page after it, and not only what moves."""

    def press() -> None:
        with guard():
            act()

    pressed = st.button(
        title,
        icon=f":material/{icon}:",
        key=key,
        disabled=off or not own,
        on_click=press,
        help=about if own else "It is another's run: only its owner can do this.",
        type="primary" if primary else "secondary",
    )
    if pressed and whole:
        st.rerun()


def _extend(run: Run, own: bool) -> None:
    with st.popover("Train more", icon=":material/more_time:", key="extend", disabled=not own):
        st.caption(
            "It goes on from its last state, with a schedule of its own for the added epochs. The test split is scored "
            "again at the end, and the page says how often that was done."
        )
        epochs = st.number_input("More epochs", 1, MOST_EPOCHS, max(1, min(run.epochs, 10)), key="extend-epochs")
        if st.button("Add them", type="primary", icon=":material/add:", key="extend-start"):
            with guard():
                state.studio().extend(run.id, int(epochs), user=me())
                st.rerun()


def _again(run: Run) -> None:
    fresh = state.studio().launch(Recipe.from_dict(run.recipe), name=run.name, user=me())
    state.remember("run", fresh.id)
    st.query_params["run"] = fresh.id
    st.rerun()


def _own(run: Run) -> bool:
    return state.studio().may(run, me())


def owner(run: Run) -> str:
    """` · of ada`, or nothing."""
    return f" · of {plain(run.user)}" if run.user else ""
