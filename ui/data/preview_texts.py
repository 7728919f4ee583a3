"""A text as a network reads it: its tokens, and where it is cut off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from tlcore.data import Dataset
from ui.job import soon, waits
from ui.layout import card
from ui.models import Entry
from ui.tokens import token_chips
from ui.weights import fetch
from ui.words import plain

__all__ = ["texts"]

CHARACTERS = 1_200
"""Of the text itself that are shown; its tokens go on."""
MOST_TYPED = 4_000


def texts(dataset: Dataset, row: int, entry: Entry) -> None:
    """The sample, or a text of one's own, beside its tokens."""
    if not entry.here:
        st.warning(
            f"The tokenizer of {plain(entry.record.title)} comes with its weights, which are not on this server yet.",
            icon=":material/cloud_download:",
        )
        fetch(entry.record)
        return
    left, right = st.columns([2, 3])
    with left, card("The text", key="preview-text-card"):
        sample = str(dataset.sample(row))
        above = st.container(key="preview-text")
        typed = st.text_area(
            "Or try a text of your own",
            key="preview-own-text",
            height=120,
            max_chars=MOST_TYPED,
            placeholder="Leave it empty to see the sample.",
        )
        if not typed:
            above.text(sample[:CHARACTERS] + ("…" if len(sample) > CHARACTERS else ""))
    source = {"text": typed} if typed else {"dataset": dataset.id, "row": row}
    about = {**source, "backbone": entry.record.name}
    with right, card("What the model reads", key="preview-tokens-card"):
        now = soon("tokens", about)
        if now.status == "failed":
            st.error(plain(now.words), icon=":material/error:")
        elif now.status != "done":
            st.caption(":material/hourglass_empty: Taking the text apart …")
            waits("tokens", about)
        else:
            _answer(now.result)


def _answer(told: Mapping[str, Any]) -> None:
    read, cut, most = told["n_read"], told["n_cut"], told["max_tokens"]
    if cut:
        st.markdown(
            f"**{read:,} of {read + cut:,} tokens are read.** The model takes at most {most:,}; the rest is cut off."
        )
    else:
        st.markdown(f"**All {read:,} tokens are read**, of at most {most:,}.")
    token_chips(told["tokens"], key="preview-tokens")
    left_out = read + cut - len(told["tokens"])
    notes = [
        f"{left_out:,} more tokens are cut off." if left_out else "",
        "" if told["whole"] else "Only the beginning of this very long text was taken apart.",
    ]
    unknown = sum(token["kind"] == "unknown" for token in told["tokens"] if token["read"])
    if unknown:
        notes.append(
            f"{unknown} unknown {'token' if unknown == 1 else 'tokens'}: not in the vocabulary, all read alike."
        )
    st.caption(
        " ".join(
            [
                "Dashed gray: signs of the tokenizer's own. Chips that touch are pieces of one word. Red: unknown. "
                "Struck through: cut off. Point at a chip for its entry in the vocabulary.",
                *filter(None, notes),
            ]
        )
    )
