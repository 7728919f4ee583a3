"""Models: what there is to start from, what it costs, and whether its weights are here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from ui import model_state
from ui.adding import adding, asked
from ui.comparison import comparison
from ui.layout import card, header
from ui.model_detail import detail
from ui.models import Entry, entries
from ui.models_filters import Filters, clear, filters, switch
from ui.models_scatter import models_scatter, text_figure
from ui.models_table import models_table


def none(kept: Filters, everything: Sequence[Entry]) -> None:
    """No model passes the filters; perhaps some of the other kind do."""
    other = "text" if kept.modality == "image" else "image"
    there = sum(replace(kept, modality=other, families=()).keep(entry) for entry in everything)
    with st.container(border=True, horizontal_alignment="center", key="no-models"):
        st.markdown("No model is like that. Loosen a filter, or add the model by its name.", width="content")
        if kept.words and there:
            words = f"Show the {there} that read{'s' if there == 1 else ''} {other}s"
            st.button(words, icon=":material/swap_horiz:", key="other-kind", on_click=switch, args=(other,))
        st.button("Clear the filters", icon=":material/filter_alt_off:", key="clear-filters", on_click=clear)


def main() -> None:
    """Draw the page."""
    adding(header("Models"))
    asked()
    everything = entries()
    by_name = {entry.record.name: entry for entry in everything}
    chosen = model_state.selected(by_name)
    kept = filters(everything)
    shown = [entry for entry in everything if kept.keep(entry)]
    if not shown:
        none(kept, everything)
    else:
        left, right = st.columns(2, gap="medium")
        with left, card(f"{len(shown)} of {len(everything)} models", key="table-card"):
            models_table(shown, kept.modality, chosen)
        with right, card("Accuracy and cost" if kept.modality == "image" else "Size", key="scatter-card"):
            if kept.modality == "image":
                models_scatter(shown, everything, chosen)
            else:
                text_figure(shown)
    comparison([by_name[name] for name in model_state.compared(by_name)])
    if chosen is None:
        st.caption("Select a row or a point to see what a model is made of, what it takes, and to use it.")
    else:
        detail(by_name[chosen], by_name)


main()
