"""Train: watch a run, stop it, and read its honest score. Any run: this browser's, another's, a shell's."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from tlcore.runs import Note, Run
from tlcore.runs.queue import Waiting
from ui import state, tab
from ui.guard import guard
from ui.layout import empty, header
from ui.live import feed
from ui.naming import run_title
from ui.progress import numbers, progress_line
from ui.queue import queue, starts
from ui.results import results
from ui.run_controls import controls, onward, owner
from ui.run_menu import kept, menu
from ui.run_table import run_table
from ui.sight import look
from ui.train_charts import draw
from ui.words import STATUS, ago, clock, plain, visible

WAITING_SECONDS, WATCHED_SECONDS = 5.0, 60.0
"""Between two drawings of what says how a run is: of one in the queue, whose place changes with other runs, and of one
under way, whose feed says when there is something to see."""


def since(run: Run, waiting: Sequence[Waiting]) -> str:
    """When it began, or its place in the queue and when that will be."""
    if run.status != "queued":
        return f"started {ago(run.started)}" if run.started else f"asked for {ago(run.created)}"
    place = next((one for one in waiting if one.run.id == run.id), None)
    where = f", {place.position:,} of {len(waiting):,} in the queue, {starts(place)}" if place else ""
    return f"{'goes on soon' if run.started else f'queued {ago(run.created)}'}{where}"


def heading(run: Run, waiting: Sequence[Waiting]) -> None:
    """State, what it is, and what can be done now."""
    icon, colour = STATUS[run.status]
    with st.container(horizontal=True, vertical_alignment="center", key="run-heading"):
        st.badge(run.status, icon=icon, color=colour)
        what = f"{plain(run.backbone)} · {plain(run.strategy.replace('_', ' '))} · on {plain(run.dataset_name)}"
        st.caption(f"{what}{owner(run)} · {since(run, waiting)}", width="content")
        st.space("stretch")
        if run.live:
            controls(run)
        else:
            onward(run)


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
        newest = sorted(notes, key=lambda note: (note.time, note.id), reverse=True)
        lines = [f"{clock(note.time)}  {note.level:<7}  {visible(note.text)}" for note in newest]
        st.code("\n".join(lines) or "Nothing yet.", language=None, wrap_lines=True)


def holds(note: Note, run: Run) -> bool:
    """Whether a note is not said above already, nor about an earlier end of a run that went on since."""
    now = run.status != "queued" and note.time >= (run.started or 0.0)
    return note.text != run.reason and (note.step is not None or now)


def watch(run_id: str, before: str) -> None:
    """What says how a run is. Drawn again when the run's feed says that something happened, and else seldom.

    `before`: the state of all, see `Sight`, that the rest of the page shows; it follows a change.
    """
    with guard(), state.history(run_id).lock:
        seen = look(run_id)
        run = seen.run
        tab.of(run)
        waiting = state.studio().queue() if run.status == "queued" else ()
        heading(run, waiting)
        outcome(run)
        queue(waiting)
        if run.live:
            progress_line(seen)
        else:
            numbers(run, seen.held, time.time())
        if before != seen.state:
            st.rerun()


def plots(run_id: str, before: str) -> None:
    """The charts. Drawn again when another view of them is chosen; they grow by themselves.

    `before`: what the rest of the page shows, as for `watch`. They bring the run's feed, so that of a change which they
    see and the rest does not, the page would hear nothing.
    """
    with guard(), state.history(run_id).lock:
        seen = look(run_id)
        draw(seen, feed)
        if before != seen.state:
            st.rerun()


def main() -> None:
    """Draw the page."""
    action = header("Train")
    runs = {run.id: run for run in state.studio().runs()}
    if not runs:
        empty("Nothing has been trained yet.", page="strategy", action="Choose a strategy")
        return

    def named(key: str) -> str:
        return run_title(runs[key])

    asked = st.query_params.get("run")
    if asked and asked not in runs and state.studio().store.has(asked):
        runs[asked] = state.studio().run(asked)  # older than those that are listed
    run_table(tuple(runs.values()), asked or "")
    run_id = state.pick("run", list(runs), named, label="Run")
    with state.history(run_id).lock:
        seen = look(run_id)
    run, live, shown = seen.run, seen.run.live, seen.state
    with action:
        menu(run, sorted({tag for other in runs.values() for tag in other.tags}), tuple(runs.values()))
    kept(run)
    often = WAITING_SECONDS if run.status == "queued" else WATCHED_SECONDS
    st.fragment(watch, run_every=often if live else None)(run_id, shown)
    st.fragment(plots)(run_id, shown)
    log(run, seen.notes)
    if not live:
        results(run)


main()
