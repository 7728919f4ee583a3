"""Words coloured by what each adds to a score: red above zero, blue below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from ui.words import short

__all__ = ["token_scores"]

LONGEST = 60
CSS = """
.scores { display: flex; flex-wrap: wrap; gap: 0.3rem; max-height: 40rem; overflow-y: auto; line-height: 1.6; }
.scores span { padding: 0 0.35rem; border-radius: 0.3rem; border: 1px solid var(--st-border-color);
               color: var(--st-text-color); overflow-wrap: anywhere; max-width: 100%; }
.scores .special { border-style: dashed; color: var(--st-gray-text-color); }
"""


def token_scores(tokens: Sequence[Mapping[str, Any]], *, key: str) -> None:
    """Draw tokens in their order; each is a `tlcore.evaluation.attributions.TokenScore` as plain values."""
    most = max((abs(token["score"]) for token in tokens), default=0.0) or 1.0
    shown = [
        {
            "text": short(token["text"], LONGEST) or "␣",
            "kind": token["kind"],
            "share": token["score"] / most,
            "note": "a sign of the tokenizer's own" if token["kind"] == "special" else f"{token['score']:+.3f}",
        }
        for token in tokens
    ]
    _component()(key=key, data={"tokens": shown})


@cache
def _component() -> Any:
    return st.components.v2.component(
        "tlstudio_token_scores",
        html='<div class="scores"></div>\n',
        css=CSS,
        js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
        isolate_styles=False,
    )
