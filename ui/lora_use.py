"""From the calculator to a training: the adapter goes into the Strategy page's form."""

from __future__ import annotations

import streamlit as st

from tlcore.data import Dataset, list_datasets
from tlcore.home import home
from tlcore.strategies import strategy
from tlcore.training import Recipe
from tlcore.zoo import Backbone
from ui.guard import guard
from ui.lora_form import Asked
from ui.lora_model import in_zoo
from ui.recipe_file import load
from ui.words import visible

__all__ = ["use"]


def use(name: str, asked: Asked) -> None:
    """The page's main action; where it cannot be taken it says why."""
    record = in_zoo(name)
    fitting = [one for one in list_datasets(home()) if record and one.modality == record.modality]
    why = _why_not(record, fitting, asked)
    if why or record is None:
        st.button("Use in Strategy", icon=":material/arrow_forward:", key="use", disabled=True, help=why)
        return
    dataset = fitting[0]
    if len(fitting) > 1:
        picked = st.selectbox(
            "Dataset", range(len(fitting)), format_func=lambda i: visible(fitting[i].name), key="use-dataset",
            label_visibility="collapsed", width=220,
        )  # fmt: skip
        dataset = fitting[picked or 0]
    if st.button("Use in Strategy", type="primary", icon=":material/arrow_forward:", key="use"):
        _go(record, dataset, asked)


def _why_not(record: Backbone | None, fitting: list[Dataset], asked: Asked) -> str:
    if record is None:
        return "Only models of the zoo train here. This one's adapter goes with you as code."
    if not fitting:
        return f"There is no dataset of {record.modality}s yet: bring one on the Data page."
    return "Strategy trains no biases beside its adapters: choose none." if asked.bias != "none" else ""


def _go(record: Backbone, dataset: Dataset, asked: Asked) -> None:
    settings = asked.settings
    with guard():
        options = {
            "rank": settings.rank,
            "alpha": settings.alpha,
            "targets": settings.targets,
            "rslora": settings.rslora,
            "dora": settings.dora,
        }
        chosen = strategy("lora", record.modality, **options)
        load(Recipe(dataset=dataset.id, backbone=record.name, strategy=chosen), dataset)
        where = {"dataset": dataset.id, "backbone": record.name, "strategy": "lora"}
        st.switch_page("pages/strategy.py", query_params=where)
