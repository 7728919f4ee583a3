"""Data: bring samples, see what is in them and what was left out, split them, look closer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from tlcore.data import Dataset, list_datasets
from tlcore.home import home
from ui import state
from ui.data import state as data_state
from ui.data.bring import bring_your_own, sample_cards
from ui.data.checks import checks
from ui.data.explore import explore
from ui.data.export import export
from ui.data.manage import manage
from ui.data.map import chart
from ui.data.overview import overview
from ui.data.preview import preview
from ui.data.split import split
from ui.data.suspects import suspects
from ui.layout import card, header
from ui.words import ago, plain, visible

View = Callable[[Dataset], None]
VIEWS: Mapping[str, tuple[str, View]] = {
    "overview": (":material/bar_chart: Overview", overview),
    "checks": (":material/fact_check: Checks", checks),
    "samples": (":material/grid_view: Samples", explore),
    "map": (":material/scatter_plot: Map", chart),
    "suspects": (":material/label_off: Doubtful labels", suspects),
    "split": (":material/call_split: Split", split),
    "preview": (":material/visibility: Preview", preview),
    "export": (":material/archive: Export", export),
}
"""What can be seen of a dataset, by its name in the URL: the words of its button, and what draws it."""


def bring(open_at_once: bool) -> None:
    """The upload box and the samples; folded away once there is something to look at."""
    waiting = data_state.upload() is not None or st.query_params.get("add") == "1"
    if open_at_once:
        with card("Bring your own data", key="bring-card", icon=":material/upload_file:"):
            bring_your_own()
        st.markdown("**Or look around with a sample**")
        sample_cards(iter(st.columns(2)))
    else:
        key = "add-data-open" if waiting else "add-data"  # another key folds it anew
        with st.expander("Add data", icon=":material/add:", expanded=waiting, key=key):
            bring_your_own()


def main() -> None:
    """Draw the page."""
    action = header("Data")
    datasets = {dataset.id: dataset for dataset in list_datasets(home())}
    if not datasets:
        bring(open_at_once=True)
        return
    bring(open_at_once=False)

    def named(key: str) -> str:
        one = datasets[key]
        how = f"split {one.split.train:.0%}, seed {one.split.seed}" if one.split else "own split"
        how += ", grouped" if one.split and one.split.grouped_by else ""
        return f"{visible(one.name)} · {one.n_samples:,} samples · {how} · {ago(one.created)}"

    dataset = state.dataset(state.pick("dataset", list(datasets), named, label="Dataset"))
    if action.button("Choose a strategy", type="primary", icon=":material/arrow_forward:", key="to-strategy"):
        st.switch_page("pages/strategy.py", query_params={"dataset": dataset.id})
    with action:
        manage(dataset)
    st.caption(" · ".join(plain(part) for part in (f"Source: {dataset.source}", dataset.note) if part))
    if data_state.told(dataset.id):
        st.info(data_state.told(dataset.id), icon=":material/info:")
    view = state.segment("view", list(VIEWS), lambda name: VIEWS[name][0], label="View")
    VIEWS[view][1](dataset)


main()
