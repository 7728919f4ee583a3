"""Train: watch a run, stop it, and read its honest score. Any run: this browser's, another's, a shell's."""

from __future__ import annotations

import time

import streamlit as st

from tlcore.runs import LIVE, Run
from tlcore.training import Recipe
from ui import state
from ui.guard import guard
from ui.layout import empty, header
from ui.progress import curves, numbers, progress
from ui.results import results
from ui.words import STATUS, ago, clock, plain, visible

POLL_SECONDS = 1.0


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


def since(run: Run) -> str:
    """When it began, or how long it waits, and for how many."""
    if run.started:
        return f"started {ago(run.started)}"
    waiting = f"queued {ago(run.created)}"
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
        elif st.button("Start again", icon=":material/replay:", key="again", help="A new run with the same recipe."):
            with guard():
                again(run)


def outcome(run: Run) -> None:
    """Why a run ended other than by finishing."""
    if run.status in ("failed", "interrupted"):
        st.error(f"**{run.status.capitalize()}.** {plain(run.reason)}", icon=STATUS[run.status][0])
    elif run.status == "stopped" and run.reason:
        st.info(plain(run.reason), icon=":material/stop_circle:")


def log(run: Run) -> None:
    """What the worker had to say, newest first; its warnings also in the open."""
    notes = state.studio().notes(run.id)
    for note in notes:
        if note.level == "warning" and note.text != run.reason:
            st.warning(plain(note.text), icon=":material/warning:")
    with st.expander("Log", icon=":material/subject:", key="log"):
        lines = [f"{clock(note.time)}  {note.level:<7}  {visible(note.text)}" for note in reversed(notes)]
        st.code("\n".join(lines) or "Nothing yet.", language=None, wrap_lines=True)


def watch(run_id: str, was_live: bool) -> None:
    """Everything that moves; drawn again each second while the run is live."""
    with guard():
        studio, held = state.studio(), state.history(run_id)
        run = studio.run(run_id)
        held.extend(studio.points(run_id, after=held.last))
        heading(run)
        outcome(run)
        numbers(run, held, time.time())
        progress(run)
        curves(run, held)
        log(run)
        if was_live and not run.live:
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
