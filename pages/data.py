"""Data: bring samples, see what is in them and what was left out, split them."""

from __future__ import annotations

import streamlit as st

from tlcore.data import SPLITS, Dataset, SplitRatios, list_datasets, resplit
from tlcore.home import home
from ui import charts, state
from ui.bring import bring_your_own, sample_cards
from ui.gallery import gallery
from ui.guard import guard
from ui.layout import card, header
from ui.words import ago, plain, visible

MOST_UNEVEN = 0.03
"""How far a split's share may be from the one asked for before the page says so."""


def bring(open_at_once: bool) -> None:
    """The upload box and the samples; folded away once there is something to look at."""
    waiting = state.upload() is not None
    if open_at_once:
        with card("Bring your own data", key="bring-card", icon=":material/upload_file:"):
            bring_your_own()
        st.markdown("**Or look around with a sample**")
        sample_cards(iter(st.columns(2)))
    else:
        key = "add-data-open" if waiting else "add-data"  # another key folds it anew
        with st.expander("Add data", icon=":material/add:", expanded=waiting, key=key):
            bring_your_own()


def numbers(dataset: Dataset) -> None:
    """The sizes at a glance."""
    table = dataset.counts()
    kind = "images" if dataset.modality == "image" else "texts"
    smallest, largest = int(table["total"].min()), int(table["total"].max())
    with st.container(horizontal=True, key="numbers"):
        st.metric(f"Samples ({kind})", f"{dataset.n_samples:,}", border=True)
        st.metric("Classes", f"{len(dataset.classes):,}", border=True)
        st.metric("Smallest to largest class", f"{smallest:,} – {largest:,}", border=True)
        parts = " / ".join(f"{int(table[split].sum()):,}" for split in ("train", "val", "test"))
        st.metric("Train / val / test", parts, border=True)


def classes(dataset: Dataset) -> None:
    """Samples per class and split, as a chart, and as a table where there are many."""
    table = dataset.counts()
    with card("Samples per class", key="classes-card", stretch=True):
        if len(table) > charts.MOST_CLASSES:
            st.caption(f"The {charts.MOST_CLASSES} largest of {len(table):,} classes; all are in the table below.")
        alt = f"Stacked bars: samples of {len(table)} classes in train, validation and test."
        charts.draw(charts.split_by_class(table), key="classes-chart", alt=alt)
        with st.expander("As a table", key="classes-table-box"):
            shown = table.rename_axis("class").reset_index()
            st.dataframe(shown, hide_index=True, key="classes-table", alt="Samples per class and split")


def split(dataset: Dataset) -> None:
    """The ratios and the seed; another split is another dataset over the same files."""
    now = dataset.split or SplitRatios()
    with card("Split", key="split-card", stretch=True), st.form(f"split-{dataset.id}", border=False):
        if dataset.split is None:
            st.caption("Your own train, val and test folders are kept. Splitting anew mixes them.")
        else:
            st.caption("Stratified by class, at random from the seed. What is left is the test split.")
            uneven(dataset, dataset.split)
        train = st.number_input("Train (%)", 1, 98, round(100 * now.train), key=f"train-share-{dataset.id}")
        val = st.number_input("Validation (%)", 1, 98, round(100 * now.val), key=f"val-share-{dataset.id}")
        seed = st.number_input("Seed", 0, 2**31 - 1, now.seed, key=f"split-seed-{dataset.id}")
        if st.form_submit_button("Split anew", icon=":material/call_split:", key="resplit"):
            again(dataset, int(train), int(val), int(seed))


def uneven(dataset: Dataset, asked: SplitRatios) -> None:
    """Say so where small classes make the shares other than asked for."""
    shares = [len(dataset.rows(part)) / dataset.n_samples for part in SPLITS]
    wanted = (asked.train, asked.val, asked.test)
    if max(abs(share - want) for share, want in zip(shares, wanted, strict=True)) <= MOST_UNEVEN:
        return
    actual, planned = (" / ".join(f"{100 * share:.0f}" for share in one) for one in (shares, wanted))
    st.caption(
        f":material/info: Train / val / test is **{actual} %**, not the {planned} % asked for: "
        "every class needs at least one sample in each split, which weighs where classes are small."
    )


def again(dataset: Dataset, train: int, val: int, seed: int) -> None:
    """Make the dataset with the other split and show it."""
    if train + val >= 100:
        st.error(f"Train and validation together are {train + val} %, which leaves nothing to test on. Take less.")
        return
    ratios = SplitRatios(train=train / 100, val=val / 100, test=1 - train / 100 - val / 100, seed=seed)
    with guard():
        made = resplit(dataset, ratios)
        state.remember("dataset", made.id)
        st.query_params["dataset"] = made.id
        st.rerun()


def problems(dataset: Dataset) -> None:
    """What was noticed, and everything that was left out, to read and to take along."""
    if not dataset.problems:
        st.caption(":material/check: Nothing was left out.")
        return
    left_out, n = dataset.left_out(), len(dataset.problems)
    missing = "1 entry" if len(left_out) == 1 else f"{len(left_out):,} entries"
    title = f"{n} {'note' if n == 1 else 'notes'} on this data, {missing} left out"
    with st.expander(title, icon=":material/rule:", key="problems"):
        for problem in dataset.problems:
            st.markdown(f"**{plain(problem.where)}**  \n{plain(problem.what)} {plain(problem.advice)}")
        if len(left_out) <= n:
            return  # the notes have said it all
        st.dataframe(left_out, hide_index=True, key="left-out-table", alt="Everything left out, and why")
        st.download_button(
            "Download as csv",
            left_out.to_csv(index=False).encode("utf-8-sig"),
            "left_out.csv",
            "text/csv",
            icon=":material/download:",
            key="left-out",
            on_click="ignore",
        )


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
        return f"{visible(one.name)} · {one.n_samples:,} samples · {how} · {ago(one.created)}"

    dataset = state.dataset(state.pick("dataset", list(datasets), named, label="Dataset"))
    if action.button("Choose a strategy", type="primary", icon=":material/arrow_forward:", key="to-strategy"):
        st.switch_page("pages/strategy.py", query_params={"dataset": dataset.id})
    st.caption(" · ".join(plain(part) for part in (f"Source: {dataset.source}", dataset.note) if part))
    if state.told(dataset.id):
        st.info(state.told(dataset.id), icon=":material/info:")
    numbers(dataset)
    problems(dataset)
    left, right = st.columns([2, 1])
    with left:
        classes(dataset)
    with right:
        split(dataset)
    gallery(dataset)


main()
