"""Checks of texts: without words, longer than the model reads, in a language it does not know."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tlcore.data.checks.check import Evidence, register
from tlcore.data.checks.finding import Finding, Fix
from tlcore.data.checks.words import counted, share
from tlcore.data.checks.writings import JUDGED_CHARS

__all__ = ["SURE"]

SURE = 0.95
"""py3langid's probability from which a language is taken as known; on the English sample it is 0.91 to 1."""
NAMES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian",
    "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "no": "Norwegian", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian",
    "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
"""Of the languages met most often; others are called by their code."""
TRAIT = 0.5
"""Share of the texts from which a foreign language is that of the dataset."""


@register(
    "wordless",
    "Texts without words",
    modality="text",
    summary="Texts of punctuation and symbols alone.",
    fix="Leaves them out.",
)
def wordless(evidence: Evidence) -> Iterator[Finding]:
    """Texts in which there is nothing to read."""
    rows = tuple(np.flatnonzero((evidence.table["plain"] == "").to_numpy()).tolist())
    if not rows:
        return
    texts = counted(len(rows), "text")
    yield Finding(
        check="wordless",
        level="warning",
        title=f"{texts} without words",
        text=f"{texts} hold punctuation or symbols alone, of which a model reads little or nothing.",
        n=len(rows),
        rows=rows,
        fixes=(Fix(title=f"Leave out {texts}", change=f"Left out {texts} without words.", drop=rows),),
    )


@register(
    "too_long",
    "Longer than the model reads",
    modality="text",
    summary="Texts with more tokens than the backbone takes.",
)
def too_long(evidence: Evidence) -> Iterator[Finding]:
    """Texts whose end is cut off."""
    if evidence.reads is None:
        return
    tokens, limit = evidence.table["tokens"].to_numpy(), evidence.reads.max_tokens
    rows = np.flatnonzero(tokens > limit)
    if not len(rows):
        return
    lost = int((tokens[rows] - limit).sum())
    yield Finding(
        check="too_long",
        level="info",
        title=f"{counted(len(rows), 'text')} longer than {limit:,} tokens",
        text=f"{share(len(rows), len(tokens))} of the texts are longer than the {limit:,} tokens that "
        f"{evidence.reads.title} reads, and their ends are cut off: {share(lost, int(tokens.sum()))} of all tokens. "
        "Put what matters first, or choose a model that reads more.",
        n=len(rows),
        rows=tuple(rows[np.argsort(-tokens[rows], kind="stable")].tolist()),
    )


@register(
    "language",
    "Other languages",
    modality="text",
    summary=f"Texts of {JUDGED_CHARS} letters or more in a language that the backbone was not trained on.",
    fix="Leaves them out.",
)
def language(evidence: Evidence) -> Iterator[Finding]:
    """Texts that the backbone sees as mere letters."""
    if evidence.reads is None or not evidence.reads.languages:
        return
    table = evidence.table
    judged = (table["sure"] >= SURE) & (table["language"] != "")
    foreign = judged & ~table["language"].isin(evidence.reads.languages)
    rows = tuple(np.flatnonzero(foreign.to_numpy()).tolist())
    if not rows:
        return
    counts = table["language"][foreign].value_counts()
    which = ", ".join(f"{NAMES.get(str(code), code)} ({n:,})" for code, n in list(counts.items())[:5])
    texts, read = counted(len(rows), "text"), ", ".join(NAMES.get(code, code) for code in evidence.reads.languages)
    most = len(rows) > TRAIT * int(judged.sum())
    advice = "Choose a multilingual model." if most else "Leave them out, or choose a multilingual model."
    fix = Fix(title=f"Leave out {texts}", change=f"Left out {texts} in other languages.", drop=rows)
    yield Finding(
        check="language",
        level="warning",
        title=f"{texts} in another language",
        text=f"{evidence.reads.title} was trained on {read}; {share(len(rows), int(judged.sum()))} of the texts that "
        f"are long enough to judge are in {which}. {advice}",
        n=len(rows),
        rows=rows,
        fixes=() if most else (fix,),
    )
