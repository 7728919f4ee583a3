"""Strategy: what to start from, what to train, and what that amounts to, before anything runs."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from tlcore.data import Dataset, list_datasets
from tlcore.data.augmentation import Augmentation
from tlcore.errors import TlcoreError
from tlcore.home import home
from tlcore.strategies import Strategy, strategies
from tlcore.training import Recipe
from tlcore.training.outline import Outline, outline
from tlcore.zoo import Backbone
from ui import state
from ui.advice import advice
from ui.augmentation import augmentation_fields, preview_link
from ui.backbone import choose_backbone
from ui.checks import checks
from ui.forms import (
    head_fields,
    length_fields,
    schedule_fields,
    strategy_fields,
    training_fields,
)
from ui.guard import guard
from ui.layout import card, empty, header
from ui.outline import adapter_count, cost, rate_finder, schedule, what_trains
from ui.phases import phase_fields
from ui.recipe_file import load, same_elsewhere
from ui.words import ago, plain, visible


def choose_dataset(datasets: tuple[Dataset, ...]) -> Dataset:
    """The dataset of the URL, the last one looked at, or the newest."""
    by_id = {dataset.id: dataset for dataset in datasets}

    def named(key: str) -> str:
        one = by_id[key]
        about = f"{one.n_samples:,} {one.modality}s · {len(one.classes)} classes · {ago(one.created)}"
        return f"{visible(one.name)} · {about}"

    return state.dataset(state.pick("dataset", list(by_id), named, label="Dataset"))


def choose_strategy(modality: str) -> Strategy:
    """A strategy by name, and its options."""
    kinds = {kind.name: kind for kind in strategies()}
    name = state.pick("strategy", list(kinds), lambda key: kinds[key].title, label="Strategy")
    st.caption(plain(kinds[name].summary))
    return strategy_fields(kinds[name], modality)


def form(dataset: Dataset, record: Backbone) -> Recipe:
    """The recipe that the fields make, with the strategy's own phases."""
    with card("Train", key="train-card"):
        chosen, head = choose_strategy(dataset.modality), head_fields()
        trains = chosen.name != "feature_extraction"
        augmentation = augmentation_fields(trains_backbone=trains) if dataset.modality == "image" else Augmentation()
        below = st.container()
    with card("For how long", key="length-card"):
        length, rates = length_fields(chosen), schedule_fields(chosen)
    with st.expander("More about training", icon=":material/tune:", key="more"):
        rest = training_fields(chosen, dataset.modality, length["batch_size"])
    made = Recipe(
        dataset=dataset.id,
        backbone=record.name,
        strategy=chosen,
        head=head,
        schedule=rates,
        augmentation=augmentation,
        **length,
        **rest,
    )
    if dataset.modality == "image":
        with below:
            preview_link(made)
    return made


def outlined(recipe: Recipe, dataset: Dataset, record: Backbone) -> Outline:
    """What the recipe amounts to on this dataset."""
    n_train, adapters = len(dataset.rows("train")), adapter_count(recipe)
    return outline(recipe, record, n_classes=len(dataset.classes), n_train=n_train, adapter_params=adapters)


def edited(recipe: Recipe, made: Outline) -> Recipe:
    """With phases of one's own, where the toggle is on."""
    with st.expander("Phases and rates, group by group", icon=":material/view_timeline:", key="phases"):
        phases = phase_fields(made)
    return replace(recipe, phases=phases, epochs=sum(phase.epochs for phase in phases)) if phases else recipe


def begin(recipe: Recipe) -> None:
    """Queue the run and go to see it."""
    with guard():
        run = state.studio().launch(recipe)
        state.remember("run", run.id)
        st.switch_page("pages/train.py", query_params={"run": run.id})


def main() -> None:
    """Draw the page."""
    action = header("Strategy")
    datasets = list_datasets(home())
    if not datasets:
        empty("There is no dataset yet. A strategy needs one.", page="data", action="Bring data")
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        with card("Start from", key="from-card"):
            dataset = choose_dataset(datasets)
            record = choose_backbone(dataset.modality)
        advice(dataset, record)
        try:
            recipe = form(dataset, record)
            recipe = edited(recipe, outlined(recipe, dataset, record))
            made = outlined(recipe, dataset, record)
        except TlcoreError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return

        def scale(times: float) -> None:
            with guard():
                load(recipe.scaled(times), dataset)

        rate_finder(recipe, made, scale)
    with right:
        what_trains(made)
        schedule(made, len(dataset.rows("train")))
        ready = checks(recipe, dataset)
        cost(recipe, made)
        same_elsewhere(recipe, dataset)
    if action.button("Start training", type="primary", icon=":material/play_arrow:", key="start", disabled=not ready):
        begin(recipe)


main()
