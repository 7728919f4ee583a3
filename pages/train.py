"""Train: watch a run, stop it, and read its honest score. Any run: this browser's, another's, a shell's."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from tlcore.runs import LIVE, RESUMABLE, Note, Run
from tlcore.training import Recipe
from ui import state, tab
from ui.guard import guard
from ui.layout import empty, header
from ui.marks import marks, phase
from ui.progress import numbers, progress
from ui.results import results
from ui.train_curves import curves
from ui.train_machinery import machinery
from ui.words import STATUS, ago, clock, plain, visible

POLL_SECONDS = 1.0
RESUME_HELP = "Goes on from the last saved state; every loss is the one it would have been."


def stop(run_id: str) -> None:
    """Ask for the stop; the row says so at once, the worker acts within moments."""
    with guard():
        state.studio().stop(run_id)


def again(run: Run) -> None:
    """Start a new run with the same recipe."""
    fresh = state.studio().launch(Recipe.from_dict(run.recipe), name=run.name)
    state.remember("run", fresh.id)
    st.query_params["run"] = fresh.id
    st.rerun()


def resume(run: Run) -> None:
    """Let the run go on, and watch it again."""
    state.studio().resume(run.id)
    st.rerun()


def since(run: Run) -> str:
    """When it began, or how long it waits, and for how many."""
    if run.started and run.status != "queued":
        return f"started {ago(run.started)}"
    waiting = "goes on soon" if run.started else f"queued {ago(run.created)}"
    if run.status != "queued":
        return waiting
    live = state.studio().store.runs(status=LIVE)
    ahead = sum((other.created, other.id) < (run.created, run.id) for other in live)
    place = f"{ahead:,} {'run' if ahead == 1 else 'runs'} ahead of it" if ahead else "next in line"
    return f"{waiting}, {place}"


def heading(run: Run) -> None:
    """Name, state, and the one thing to do now."""
    icon, colour = STATUS[run.status]
    with st.container(horizontal=True, vertical_alignment="center", key="run-heading"):
        st.badge(run.status, icon=icon, color=colour)
        who = f" by {plain(run.user)}" if run.user else ""
        what = f"{plain(run.backbone)} · {plain(run.strategy.replace('_', ' '))} · on {plain(run.dataset_name)}"
        st.caption(f"{what} · {since(run)}{who}", width="content")
        st.space("stretch")
        if run.live:
            stopping = run.status == "stopping"
            st.button(
                "Stopping…" if stopping else "Stop",
                icon=":material/stop:",
                key="stop",
                disabled=stopping,
                on_click=stop,
                args=(run.id,),
                help="Ends after the current step. The best model so far is kept.",
            )
        else:
            onward(run)


def onward(run: Run) -> None:
    """What can be done with a run that ended."""
    if run.status in RESUMABLE and st.button("Resume", icon=":material/play_arrow:", key="resume", help=RESUME_HELP):
        with guard():
            resume(run)
    if st.button("Start again", icon=":material/replay:", key="again", help="A new run with the same recipe."):
        with guard():
            again(run)


def outcome(run: Run) -> None:
    """Why a run ended other than by finishing."""
    if run.status in ("failed", "interrupted"):
        st.error(f"**{run.status.capitalize()}.** {plain(run.reason)}", icon=STATUS[run.status][0])
    elif run.status in ("stopped", "paused") and run.reason:
        st.info(plain(run.reason), icon=STATUS[run.status][0])


def log(run: Run, notes: Sequence[Note]) -> None:
    """What the worker had to say, newest first; its warnings also in the open, each once."""
    for text in dict.fromkeys(note.text for note in notes if note.level == "warning" and holds(note, run)):
        st.warning(plain(text), icon=":material/warning:")
    with st.expander("Log", icon=":material/subject:", key="log"):
        lines = [f"{clock(note.time)}  {note.level:<7}  {visible(note.text)}" for note in reversed(notes)]
        st.code("\n".join(lines) or "Nothing yet.", language=None, wrap_lines=True)


def holds(note: Note, run: Run) -> bool:
    """Whether a note is not said above already, nor about an earlier end of a run that went on since."""
    now = run.status != "queued" and note.time >= (run.started or 0.0)
    return note.text != run.reason and (note.step is not None or now)


def watch(run_id: str, was_live: bool) -> None:
    """Everything that moves; drawn again each second while the run is live."""
    studio, held = state.studio(), state.history(run_id)
    with guard(), held.lock:
        run = studio.run(run_id)
        tab.of(run)
        held.catch_up(lambda after: studio.points(run_id, after=after))
        notes = studio.notes(run_id)
        marked = marks(notes)
        heading(run)
        outcome(run)
        numbers(run, held, time.time())
        progress(run, plain(phase(marked)))
        machinery(curves(run, held, marked))
        log(run, notes)
        if was_live != run.live:
            st.rerun()


def main() -> None:
    """Draw the page."""
    header("Train")
    runs = {run.id: run for run in state.studio().runs()}
    if not runs:
        empty("Nothing has been trained yet.", page="strategy", action="Choose a strategy")
        return

    def named(key: str) -> str:
        return f"{visible(runs[key].name)} · {ago(runs[key].created)} · {key}"

    run_id = state.pick("run", list(runs), named, label="Run")
    live = runs[run_id].live
    st.fragment(watch, run_every=POLL_SECONDS if live else None)(run_id, live)
    if not live:
        results(state.studio().run(run_id))


main()
