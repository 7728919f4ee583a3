"""Strategy: what to start from, what to train, and what that amounts to, before anything runs."""

from __future__ import annotations

import shlex
from typing import Any

import streamlit as st

from tlcore.data import Dataset, list_datasets
from tlcore.data.augmentation import Augmentation
from tlcore.home import home
from tlcore.strategies import Strategy, strategies
from tlcore.training import Recipe
from tlcore.zoo import Backbone, backbones, weights_state
from ui import charts, state
from ui.command import changes
from ui.forms import augmentation_fields, head_fields, schedule_fields, strategy_fields
from ui.guard import guard
from ui.layout import card, empty, header
from ui.words import ago, plain, visible

BATCH_SIZE: int = Recipe.__dataclass_fields__["batch_size"].default


def choose_dataset(datasets: tuple[Dataset, ...]) -> Dataset:
    """The dataset of the URL, the last one looked at, or the newest."""
    by_id = {dataset.id: dataset for dataset in datasets}

    def named(key: str) -> str:
        one = by_id[key]
        about = f"{one.n_samples:,} {one.modality}s · {len(one.classes)} classes · {ago(one.created)}"
        return f"{visible(one.name)} · {about}"

    return state.dataset(state.pick("dataset", list(by_id), named, label="Dataset"))


def choose_backbone(dataset: Dataset) -> Backbone:
    """One of the pretrained networks that read this kind of data, with what is known of it."""
    fitting = {record.name: record for record in backbones(dataset.modality)}
    name = state.pick("backbone", list(fitting), lambda key: fitting[key].title, label="Backbone (pretrained model)")
    record = fitting[name]
    weights = weights_state(record)
    st.markdown(plain(record.summary))
    with st.container(horizontal=True, gap="small", key="backbone-facts"):
        ready = weights.kind != "missing"
        st.badge(
            f"weights {weights.kind}",
            icon=":material/check:" if ready else ":material/warning:",
            color="green" if ready else "red",
            help=plain(weights.detail),
        )
        side = record.input_size
        takes = f"{side} × {side} pixels" if side else f"up to {record.max_tokens} tokens"
        for fact in (record.family, f"{record.n_params / 1e6:.1f} M parameters", takes, record.licence):
            st.badge(plain(fact), color="gray")
        for name, value in record.metrics.items():
            st.badge(plain(f"{name.replace('_', ' ')} {value:g} %"), color="gray")
    if not ready:
        st.warning(plain(weights.detail), icon=":material/warning:")
    return record


def choose_strategy() -> Strategy:
    """A strategy by name, and its options."""
    kinds = {kind.name: kind for kind in strategies()}
    name = state.pick("strategy", list(kinds), lambda key: kinds[key].title, label="Strategy")
    st.caption(plain(kinds[name].summary))
    return strategy_fields(kinds[name])


def choose_length(n_train: int) -> dict[str, Any]:
    """Epochs, batch size and seed, for `n_train` samples."""
    epochs, batch, seed = st.columns(3)
    keep: dict[str, Any] = {"persist_state": "session"}
    length = {
        "epochs": int(epochs.number_input("Epochs", 1, 10_000, 10, key="epochs", **keep)),
        "batch_size": int(batch.number_input("Batch size (samples)", 1, 4096, BATCH_SIZE, key="batch-size", **keep)),
        "seed": int(seed.number_input("Seed", 0, 2**31 - 1, 0, key="seed", **keep)),
    }
    if length["batch_size"] > n_train:
        st.warning(
            f"The batch of {length['batch_size']:,} is larger than the {n_train:,} training samples: "
            "every epoch is a single step.",
            icon=":material/warning:",
        )
    return length


def summary(recipe: Recipe, dataset: Dataset, record: Backbone) -> None:
    """What would train, at which rates, and the same as a file and as a command."""
    head = recipe.head.n_params(record.n_features, len(dataset.classes))
    with card("What trains", key="summary-card"):
        total = record.n_params + head
        st.metric(f"Trainable / total parameters ({100 * head / total:.1f} %)", f"{head:,} / {total:,}")
        alt = f"One bar: {record.n_params:,} frozen parameters in the backbone, {head:,} trainable ones in the head."
        charts.draw(charts.parameters(record.n_params, head), key="parameters-chart", alt=alt)
    n_train = len(dataset.rows("train"))
    per_epoch = -(-n_train // recipe.batch_size)
    total_steps = per_epoch * recipe.epochs
    with card("Learning rate", key="schedule-card"):
        steps = sorted({1 + round(i * (total_steps - 1) / 299) for i in range(300)})
        rates = [recipe.strategy.lr * recipe.schedule.factor(step, total_steps) for step in steps]  # type: ignore[attr-defined]
        pace = f"{per_epoch:,} {'step' if per_epoch == 1 else 'steps'} an epoch"
        st.caption(f"{n_train:,} training samples: {pace}, {total_steps:,} in all.")
        alt = f"Learning rate of the head over {total_steps} steps, {recipe.schedule.name} after warm-up."
        charts.draw(charts.schedule(steps, rates, per_epoch), key="schedule-chart", alt=alt)


def same_elsewhere(recipe: Recipe) -> None:
    """The recipe as a file and as a command: nothing is hidden in the page."""
    with st.expander("The same from a shell", icon=":material/terminal:", key="shell"):
        command = ["python", "-m", "tlcore", "train", "--data", recipe.dataset, "--backbone", recipe.backbone]
        command += ["--strategy", recipe.strategy.name, "--epochs", str(recipe.epochs)]
        command += [part for change in changes(recipe) for part in ("--set", change)]
        st.code(shlex.join(command), language="bash", wrap_lines=True)
        st.caption("Or save the recipe and run `python -m tlcore train recipe.toml`.")
        st.code(recipe.to_toml(), language="toml")
        st.download_button(
            "Download recipe.toml",
            recipe.to_toml(),
            "recipe.toml",
            "application/toml",
            icon=":material/download:",
            key="recipe-file",
            on_click="ignore",
        )


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
            record = choose_backbone(dataset)
        with card("Train", key="train-card"):
            chosen, head = choose_strategy(), head_fields()
            augmentation = augmentation_fields() if dataset.modality == "image" else Augmentation()
        with card("For how long", key="length-card"):
            length, schedule = choose_length(len(dataset.rows("train"))), schedule_fields()
    recipe = Recipe(
        dataset=dataset.id,
        backbone=record.name,
        strategy=chosen,
        head=head,
        schedule=schedule,
        augmentation=augmentation,
        **length,
    )
    with right:
        summary(recipe, dataset, record)
        same_elsewhere(recipe)
    if action.button("Start training", type="primary", icon=":material/play_arrow:", key="start"):
        begin(recipe)


main()
