"""What people call their runs: bounded, in one line where it is one, without characters that nobody sees."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from tlcore.errors import RunError

__all__ = ["name_of", "remark_of", "tags_of", "user_of"]

NAME, TAG, REMARK, USER = 120, 40, 4000, 60
"""Characters at most."""
TAGS = 20


def name_of(text: str) -> str:
    """A run's name.

    Raises:
        RunError: it is empty or too long.
    """
    found = _bounded(_line(text), NAME, "name")
    if not found:
        raise RunError("A run needs a name of at least one character.")
    return found


def user_of(text: str) -> str:
    """A person's name; empty is nobody in particular.

    Raises:
        RunError: it is too long.
    """
    return _bounded(_line(text), USER, "user's name")


def tags_of(texts: Sequence[str]) -> list[str]:
    """Tags, each once, in the order given.

    Raises:
        RunError: there are too many, or one is too long.
    """
    found = list(dict.fromkeys(filter(None, (_bounded(_line(text), TAG, "tag") for text in texts))))
    if len(found) > TAGS:
        raise RunError(f"A run has at most {TAGS} tags; got {len(found)}. Leave some out.")
    return found


def remark_of(text: str) -> str:
    """A note of several lines.

    Raises:
        RunError: it is too long.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    return _bounded("\n".join(_seen(line).rstrip() for line in lines).strip(), REMARK, "note")


def _line(text: str) -> str:
    return " ".join(_seen(text).split())


def _seen(text: str) -> str:
    """Without control characters and halves of characters, with spaces for the former."""
    return "".join(" " if unicodedata.category(one) in ("Cc", "Cs") else one for one in text)


def _bounded(text: str, most: int, what: str) -> str:
    if len(text) > most:
        raise RunError(f"A {what} has at most {most:,} characters; got {len(text):,}. Shorten it.")
    return text
