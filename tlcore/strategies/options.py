"""Fields that several strategies have, with what a form needs to know of them."""

from __future__ import annotations

from dataclasses import field
from typing import Any

__all__ = ["count_option", "head_rate_option", "rate_option"]


def rate_option(default: float, title: str, help_text: str, *, text: float | None = None) -> Any:
    """A learning rate; `text` is its default for text backbones where it differs."""
    meta: dict[str, Any] = {"title": title, "help": help_text, "min": 1e-8, "max": 1.0}
    return field(default=default, metadata=meta if text is None else meta | {"text": text})


def head_rate_option() -> Any:
    """The rate of the head beside a backbone that trains too."""
    return rate_option(
        1e-3, "Head learning rate", "The head starts from random weights, so it moves further in each step."
    )


def count_option(default: int, title: str, help_text: str, *, unit: str, most: int = 1000) -> Any:
    """A whole number of something, at least 1."""
    return field(default=default, metadata={"title": title, "help": help_text, "unit": unit, "min": 1, "max": most})
