"""How a dataset is divided, and dividing it anew."""

from __future__ import annotations

import streamlit as st

from tlcore.data import SPLITS, Dataset, SplitRatios, resplit
from ui import state
from ui.guard import guard
from ui.layout import card

__all__ = ["split"]

MOST_UNEVEN = 0.03
"""How far a split's share may be from the one asked for before the page says so."""


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
