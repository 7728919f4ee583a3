"""What the notes of a run put on its charts: where phases begin, and what went wrong."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from ui.words import label, visible

if TYPE_CHECKING:
    from tlcore.runs import Note

__all__ = ["Mark", "drawn", "marks", "phase"]

WIDTH = 46
"""Characters in a line of a hover text."""
LONGEST = 300
MOST_DRAWN = 1000
"""Marks kept as they are drawn: each look at a run takes all of its marks."""
_PHASE = re.compile(r"Phase (?P<quote>['\"])(?P<name>.*)(?P=quote) from epoch \d+:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A vertical line on every chart of a run, at the end of a step."""

    step: int
    kind: Literal["phase", "warning"]
    texts: tuple[str, ...]
    """The notes of this kind at this step."""

    @property
    def name(self) -> str:
        """Of the phase; nothing for a warning."""
        said = _PHASE.match(self.texts[-1])
        return said["name"] if said and self.kind == "phase" else ""


def marks(notes: Iterable[Note]) -> tuple[Mark, ...]:
    """Phases and warnings that have a place, each once, in the order of the steps.

    A run that is resumed at the very end of a phase notes the next one a second time.
    """
    found: dict[tuple[int, Literal["phase", "warning"]], dict[str, None]] = {}
    for note in notes:
        if note.step is not None and (note.level == "phase" or note.level == "warning"):
            found.setdefault((note.step, note.level), {})[note.text] = None
    return tuple(Mark(step=step, kind=kind, texts=tuple(found[step, kind])) for step, kind in sorted(found))


def phase(marked: Sequence[Mark]) -> str:
    """The name of the phase that began last; nothing before the first."""
    return next((mark.name for mark in reversed(marked) if mark.kind == "phase"), "")


@lru_cache(MOST_DRAWN)
def drawn(mark: Mark) -> Mapping[str, object]:
    """What a chart shows of it, made harmless for Plotly."""
    lines = [line for text in mark.texts for line in textwrap.wrap(_cut(text), WIDTH)]
    hover = "<br>".join(label(line, WIDTH) for line in lines)
    return {"step": mark.step, "kind": mark.kind, "name": label(mark.name, WIDTH), "hover": hover}


def _cut(text: str) -> str:
    return textwrap.shorten(visible(text), LONGEST, placeholder="…")
