"""The tokens of a text as chips: those of the tokenizer's own, the unknown, and those cut off, told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from ui.words import visible

__all__ = ["token_chips"]

LONGEST = 60
"""Characters of one token; a byte of a broken text can stand for itself, a line of one letter need not."""
CSS = """
.tokens { display: flex; flex-wrap: wrap; row-gap: 0.35rem; column-gap: 0.3rem; max-height: 40rem; overflow-y: auto;
          font-family: var(--st-code-font); font-size: 0.875rem; line-height: 1.5; }
.token { padding: 0 0.35rem; border-radius: 0.3rem; background: var(--st-secondary-background-color);
         border: 1px solid var(--st-border-color); overflow-wrap: anywhere; white-space: pre-wrap; max-width: 100%; }
.tokens .word { display: inline-flex; flex-wrap: wrap; max-width: 100%; }
.token + .token.piece { border-left: none; }
.token:not(:last-child) { border-top-right-radius: 0; border-bottom-right-radius: 0; border-right-style: dashed; }
.token + .token { border-top-left-radius: 0; border-bottom-left-radius: 0; }
.token.special { background: transparent; color: var(--st-gray-text-color); border-style: dashed; }
.token.unknown { color: var(--st-red-text-color); border-color: var(--st-red-color); }
.token.cut { opacity: 0.55; text-decoration: line-through; background: transparent; }
"""


def token_chips(tokens: Sequence[Mapping[str, Any]], *, key: str) -> None:
    """Draw tokens in their order; each is a `tlcore.features.tokens.Token` as plain values."""
    shown = [{**token, "text": _cut(token["text"]), "name": _cut(token["name"])} for token in tokens]
    _component()(key=key, data={"tokens": shown})


def _cut(text: str) -> str:
    line = visible(text) or "␣"
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


@cache
def _component() -> Any:
    return st.components.v2.component(
        "tlstudio_tokens",
        html='<div class="tokens"></div>\n',
        css=CSS,
        js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
        isolate_styles=False,
    )
