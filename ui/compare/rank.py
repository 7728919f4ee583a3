"""Rank: every backbone scored on the user's data, before anything trains."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tlcore.data import Dataset, list_datasets
from tlcore.home import home
from tlcore.runs.ranking import Standing, begin, candidates, expected, left, standings, stop
from tlcore.zoo import Backbone
from ui import state
from ui.compare.rank_chart import chart
from ui.compare.rank_table import chosen, download, table
from ui.compare.rank_weights import elsewhere
from ui.compare.rank_words import drawn, meaning, verdict
from ui.guard import guard
from ui.layout import card, empty
from ui.words import ago, duration, plain, visible

__all__ = ["rank"]

POLL_SECONDS = 1.0
HELP = "Those whose weights are on this server. None ticked means all of them."


def rank() -> None:
    """Draw the view."""
    datasets = list_datasets(home())
    if not datasets:
        empty("There is no dataset yet. Backbones are ranked on one.", page="data", action="Bring data")
        return
    with card("Which backbone suits this data?", key="rank-card"):
        dataset = _dataset(datasets)
        everything = candidates(dataset, home())
        usable = [record for record, weights in everything if weights.ready]
        ticked = _ticked(usable)
        found = standings(dataset, ticked, home())
        with guard():
            _start(dataset, ticked, found)
    if found:
        live = any(one.live for one in found)
        st.fragment(_watch, run_every=POLL_SECONDS if live else None)(dataset.id, ticked, live)
    elsewhere([one for one in everything if not one[1].ready], any_here=bool(usable))
    meaning()
    _shell(dataset, ticked if len(ticked) < len(usable) else ())


def _dataset(datasets: Sequence[Dataset]) -> Dataset:
    by_id = {dataset.id: dataset for dataset in datasets}

    def named(key: str) -> str:
        one = by_id[key]
        about = f"{one.n_samples:,} {one.modality}s · {len(one.classes)} classes · {ago(one.created)}"
        return f"{visible(one.name)} · {about}"

    return state.dataset(state.pick("dataset", list(by_id), named, label="Dataset"))


def _ticked(usable: Sequence[Backbone]) -> list[Backbone]:
    """Those of the URL's `?backbones=a,b`, or all."""
    by_name = {record.name: record for record in usable}
    if not usable:
        return []
    none: list[str] = []
    names = st.multiselect(
        "Backbones",
        list(by_name),
        format_func=lambda name: visible(by_name[name].title),
        placeholder=f"All {len(usable)} whose weights are here"
        if len(usable) > 1
        else "The one whose weights are here",
        help=HELP,
        **state.linked("backbones", none, lambda value: set(value) <= set(by_name)),
    )
    return [by_name[name] for name in names] or list(usable)


def _start(dataset: Dataset, ticked: Sequence[Backbone], found: Sequence[Standing]) -> None:
    """The button that begins, with what it will take, or the one that ends it."""
    missing = [one.record for one in found if one.status in ("new", "failed")]
    with st.container(horizontal=True, vertical_alignment="center", key="rank-start"):
        if any(one.live for one in found):
            if st.button("Stop", icon=":material/stop:", key="stop-rank"):
                stop(dataset, ticked, home())
                st.rerun()
            st.caption("What is scored stays.", width="content")
            return
        if missing and st.button(_action(missing, found), type="primary", icon=":material/play_arrow:", key="rank"):
            begin(dataset, missing, home())
            st.rerun()
        if missing:
            st.caption(_takes(dataset, missing), width="stretch")
        elif found:
            words = "1 is" if len(found) == 1 else f"All {len(found)} are"
            st.caption(f":material/check: {words} scored, and kept for as long as data and weights stay.")


def _action(missing: Sequence[Backbone], found: Sequence[Standing]) -> str:
    n = len(missing)
    if n < len(found):
        return f"Rank the other {n}" if n > 1 else "Rank the other one"
    return f"Rank {n} backbones" if n > 1 else "Score it"


def _takes(dataset: Dataset, missing: Sequence[Backbone]) -> str:
    """What will be done, and for how long where that is known."""
    seconds = expected(dataset, missing, home())
    how_long = "Seconds to minutes." if seconds is None else f"About {duration(seconds)}, less with stored features."
    return f"{how_long} Nothing is fine-tuned, test is not touched, and the features are kept for trainings."


def _watch(dataset_id: str, ticked: Sequence[Backbone], was_live: bool) -> None:
    """All that comes in while backbones are scored."""
    with guard():
        dataset = state.dataset(dataset_id)
        found = standings(dataset, ticked, home())
        _progress(dataset, found)
        _failures(found)
        scored = [one for one in found if one.score]
        if scored:
            with card("Ranking", key="ranking-card"):
                verdict([one.score for one in scored if one.score], {one.record.name: one.record for one in scored})
                table(scored)
                with st.container(horizontal=True, vertical_alignment="center", key="rank-actions"):
                    _use(dataset, chosen(scored))
                    download(scored, dataset)
                drawn([one.score for one in scored if one.score])
            with card("Score against cost", key="rank-chart-card"):
                chart(scored)
        if was_live != any(one.live for one in found):
            st.rerun()


def _progress(dataset: Dataset, found: Sequence[Standing]) -> None:
    """How far all of it is."""
    if not any(one.live for one in found):
        return
    begun = [one for one in found if one.status != "new"]
    over = sum(one.status in ("done", "failed") for one in begun)
    share = (over + sum(one.share for one in begun if one.status == "running")) / len(begun)
    running = [one for one in found if one.status == "running"]
    doing = f"{running[0].record.title}: {running[0].words or 'starting'}" if running else "waiting for its turn"
    seconds = left(dataset, found, home())
    rest = "" if seconds is None else f" · about {duration(seconds)} to go"
    words = f"{over} of {len(begun)} scored · {doing}{rest}"
    st.progress(min(1.0, share), text=plain(words))


def _failures(found: Sequence[Standing]) -> None:
    for one in found:
        if one.status == "failed":
            st.error(f"**{plain(one.record.title)}** was not scored. {plain(one.words)}", icon=":material/error:")


def _use(dataset: Dataset, record: Backbone) -> None:
    """On to Strategy with the selected row's backbone."""
    words = f"Use {plain(record.title)}"
    if st.button(words, type="primary", icon=":material/arrow_forward:", key="use-backbone"):
        st.switch_page("pages/strategy.py", query_params={"dataset": dataset.id, "backbone": record.name})


def _shell(dataset: Dataset, ticked: Sequence[Backbone]) -> None:
    with st.expander("The same from the shell", icon=":material/terminal:", key="rank-shell"):
        names = "".join(f" --backbone {record.name}" for record in ticked)
        st.code(f"python -m tlcore rank --data {dataset.id}{names} --json", language="bash", wrap_lines=True)
