"""LoRA: what adapters on a model would count, weigh and take to train, before anything is loaded."""

from __future__ import annotations

import streamlit as st

from tlcore.adapters.counting import count
from tlcore.device import Machine, machine
from tlcore.errors import TlcoreError
from ui.guard import say
from ui.layout import card, header
from ui.lora_form import adapter_fields, load_fields
from ui.lora_method import method
from ui.lora_model import choose_model, shapes
from ui.lora_results import against_rank, by_layer, code, drawn, methods, numbers
from ui.lora_use import use


@st.cache_data(ttl=30, show_spinner=False)
def server() -> Machine:
    """This machine, asked now and then."""
    return machine()


def main() -> None:
    """Draw the page."""
    action = header("LoRA calculator")
    left, right = st.columns([1, 2.6], gap="medium")
    with left:
        with card("Model", key="model-card"):
            name = choose_model()
        try:
            found = shapes(name)
            if found is None:
                return
            with card("Adapter", key="adapter-card"):
                asked = adapter_fields(found)
            with card("Training", key="load-card"):
                load = load_fields(found)
            counted = count(found, asked.settings, asked.bias)
        except TlcoreError as error:
            with right:
                say(error)
            return
    with right:
        numbers(found, counted, load.head)
        methods(found, counted, load, server())
        method()
        against_rank(found, asked, load)
        drawn(counted, asked.settings.rank)
        by_layer(counted, asked)
        code(found, asked)
    with action:
        use(name, asked)


main()
