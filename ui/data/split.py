"""How a dataset is divided, and dividing it anew: by shares, by groups, or as it was brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from tlcore.data import SPLITS, Dataset, Split, SplitRatios, as_brought, bring_back, divided, gaps, resplit
from tlcore.data.grouping import Guess, group_by, guesses
from tlcore.data.grouping import summary as groups_in
from tlcore.errors import DataError
from ui import charts, state
from ui.guard import guard, say
from ui.layout import card
from ui.words import plain, short, visible

__all__ = ["split", "summary"]

MOST_UNEVEN = 0.03
"""How far a split's share may be from the one asked for before the page says so."""
ALONE, KEPT, PATTERN = "none", "kept", "pattern"
HOW = {ALONE: "Each sample alone", KEPT: "The groups it has", PATTERN: "By file name"}
OWN = "own pattern"


def summary(dataset: Dataset) -> None:
    """How it is divided, in a card beside the chart by class."""
    with card("Split", key="split-card", stretch=True):
        _how(dataset)
        st.space("stretch")
        if st.button("Change the split", icon=":material/call_split:", key="to-split"):
            state.choose("view", "split")
            st.rerun()


def split(dataset: Dataset) -> None:
    """Draw the view: the split as it is, and as it would be."""
    left, right = st.columns([1, 2])
    with left, card("Split anew", key="resplit-card", icon=":material/call_split:"), guard():
        _how(dataset)
        ratios, groups = _asked(dataset)
        _offer(dataset, ratios, groups)
    with right, card("As it is", key="split-chart-card"):
        _chart(dataset, list(dataset.manifest()["split"]), "split-chart")


def _how(dataset: Dataset) -> None:
    """What is to be known of the split: how it came about, what is odd about it, who uses it."""
    if dataset.split is None:
        st.markdown("Your own train, val and test, as they were brought.")
    else:
        shares = " / ".join(f"{100 * share:.0f}" for share in dataset.split.shares)
        st.markdown(f"**{shares} %** train / val / test, stratified by class, seed {dataset.split.seed}.")
        uneven(dataset, dataset.split)
    _grouped(dataset)
    for part, names in gaps(dataset).items():
        listed = ", ".join(plain(short(name)) for name in names[:5]) + (" …" if len(names) > 5 else "")
        st.warning(f"No sample in {part}: {listed}. Scores on {part} say nothing of it.", icon=":material/warning:")
    n = sum(run.dataset == dataset.id for run in state.studio().runs())
    used = f"Used by {n} {'run' if n == 1 else 'runs'}. " if n else ""
    st.caption(f"{used}A split never changes: dividing anew makes another dataset, and runs keep theirs.")


def _grouped(dataset: Dataset) -> None:
    found = groups_in(dataset.manifest()["group"].tolist())
    if not found.n_groups:
        return
    by = f" by {plain(dataset.split.grouped_by)}" if dataset.split and dataset.split.grouped_by else ""
    st.markdown(
        f":material/group_work: **{found.n_groups:,} groups**{by}, the largest of {found.largest:,} samples; "
        "none is in two splits."
        if dataset.split
        else f":material/group_work: **{found.n_groups:,} groups** were brought with it."
    )


def uneven(dataset: Dataset, asked: SplitRatios) -> None:
    """Say so where small classes or large groups make the shares other than asked for."""
    shares = [len(dataset.rows(part)) / dataset.n_samples for part in SPLITS]
    if max(abs(share - want) for share, want in zip(shares, asked.shares, strict=True)) <= MOST_UNEVEN:
        return
    actual, planned = (" / ".join(f"{100 * share:.3g}" for share in one) for one in (shares, asked.shares))
    why = (
        "whole groups go to one split, so it cannot be closer."
        if any(dataset.manifest()["group"])
        else "each class is divided by whole samples, at least one to each split, which weighs where classes are small."
    )
    st.caption(f":material/info: Train / val / test is **{actual} %**, not the {planned} % asked for: {why}")


def _asked(dataset: Dataset) -> tuple[SplitRatios, list[str]]:
    """What the widgets say: ratios with the name of the grouping, and the group of each row."""
    now = dataset.split or SplitRatios()
    train = st.number_input("Train (%)", 1, 98, round(100 * now.train), key=f"train-share-{dataset.id}")
    val = st.number_input("Validation (%)", 1, 98, round(100 * now.val), key=f"val-share-{dataset.id}")
    st.caption("What is left is the test split.")
    seed = st.number_input("Seed", 0, 2**31 - 1, now.seed, key=f"split-seed-{dataset.id}")
    if train + val >= 100:
        raise DataError(
            f"Train and validation together are {train + val} %, which leaves nothing to test on. Take less."
        )
    ratios = SplitRatios(train=train / 100, val=val / 100, test=1 - train / 100 - val / 100, seed=int(seed))
    by, groups = _groups(dataset)
    return replace(ratios, grouped_by=by), groups


def _groups(dataset: Dataset) -> tuple[str, list[str]]:
    """How samples belong together, and the group of each row."""
    manifest = dataset.manifest()
    has = bool(manifest["group"].any())
    ways = [ALONE, *([KEPT] if has else []), *([PATTERN] if dataset.modality == "image" else [])]
    if len(ways) == 1:
        return "", [""] * dataset.n_samples
    chosen = st.segmented_control(
        "What stays together", ways, format_func=HOW.__getitem__, default=KEPT if has else ALONE, required=True,
        key=f"grouping-{dataset.id}",
        help="Samples of one patient, one module or one scene in both train and test make the test score flatter.",
    )  # fmt: skip
    if chosen == KEPT:
        return (dataset.split.grouped_by if dataset.split else "") or "a column", manifest["group"].tolist()
    if chosen == PATTERN:
        return _by_pattern(dataset, manifest["origin"].tolist())
    return "", [""] * dataset.n_samples


def _by_pattern(dataset: Dataset, origins: Sequence[str]) -> tuple[str, list[str]]:
    guessed = _guesses(str(dataset.home), f"{dataset.id} {dataset.created}", dataset)
    titles = {guess.pattern: f"By the {guess.title.removeprefix('the ')}" for guess in guessed}
    pattern = OWN
    if guessed:
        pattern = st.selectbox(
            "Group", [*titles, OWN], format_func=lambda one: titles.get(one, "A pattern of my own"),
            key=f"guess-{dataset.id}",
        )  # fmt: skip
    if pattern == OWN:
        pattern = st.text_input(
            "Regular expression (RE2)", r"([^/_]+)_[^/]*$", key=f"pattern-{dataset.id}",
            help="Found in the path a file came with. What the first bracket holds is the group, or all of the match.",
        )  # fmt: skip
    groups = group_by(origins, pattern)
    found = groups_in(groups)
    alone = f", {found.n_alone:,} samples in none" if found.n_alone else ""
    st.markdown(f"**{found.n_groups:,} groups**, the largest of {found.largest:,} samples{alone}.")
    st.caption(", ".join(f"{plain(short(name))} ({n:,})" for name, n in found.examples))
    if not found.n_groups:
        raise DataError(f"Nothing matches. The paths look like this: {visible(origins[0])}")
    return f"the pattern {pattern}", groups


@st.cache_data(show_spinner=False, max_entries=16)
def _guesses(folder: str, version: str, _dataset: Dataset) -> tuple[Guess, ...]:
    manifest = _dataset.manifest()
    labels = [_dataset.classes[label] for label in manifest["label"]]
    return guesses(manifest["origin"].tolist(), labels)


def _offer(dataset: Dataset, ratios: SplitRatios, groups: list[str]) -> None:
    """The new split as a chart, and the button that makes it; the user's own split, where there was one."""
    try:
        splits = divided(dataset, ratios, groups)
    except DataError as error:
        say(error)
        return
    same = splits == dataset.manifest()["split"].tolist() and groups == dataset.manifest()["group"].tolist()
    if not same or ratios != dataset.split:
        st.markdown("**As it would be**")
        _chart(dataset, splits, "new-split-chart")
    with st.container(horizontal=True, key="split-actions"):
        if st.button("Split anew", icon=":material/call_split:", type="primary", key="resplit"):
            _open(resplit(dataset, ratios, groups))
        brought = as_brought(dataset) if dataset.split else None
        if brought and st.button("As brought", icon=":material/undo:", key="bring-back",
                                 help="Your own train, val and test folders."):  # fmt: skip
            _open(bring_back(dataset))


def _chart(dataset: Dataset, splits: Sequence[Split], key: str) -> None:
    import pandas as pd

    labels = pd.Categorical.from_codes(dataset.labels().tolist(), categories=list(dataset.classes))
    table = pd.crosstab(labels, pd.Categorical(splits, categories=list(SPLITS)), dropna=False)
    table.columns = list(SPLITS)
    table["total"] = table.sum(axis="columns")
    alt = f"Stacked bars: samples of {len(table)} classes in train, validation and test."
    charts.draw(charts.split_by_class(table), key=key, alt=alt)


def _open(made: Dataset) -> None:
    state.choose("dataset", made.id)
    st.rerun()
