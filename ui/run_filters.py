"""Which runs are listed: whose, in which state, with which tag, starred or not. All of it is in the link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from tlcore.runs import STATES, Run
from ui import state
from ui.words import visible

__all__ = ["Filter", "chosen", "filters", "kept"]

NOBODY = "(no name)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a run must be; empty is no matter what."""

    words: str = ""
    """In its name, note, data, backbone or strategy."""
    users: Sequence[str] = ()
    states: Sequence[str] = ()
    tags: Sequence[str] = ()
    """It has one of these."""
    starred: bool = False
    backbones: Sequence[str] = ()
    strategies: Sequence[str] = ()

    def takes(self, run: Run) -> bool:
        """Whether the run passes."""
        text = " ".join((run.id, run.name, run.remark, run.dataset_name, run.backbone, run.strategy)).lower()
        return (
            all(word in text for word in self.words.lower().split())
            and (not self.users or (run.user or NOBODY) in self.users)
            and (not self.states or run.status in self.states)
            and (not self.tags or bool({*self.tags} & {*run.tags}))
            and (not self.backbones or run.backbone in self.backbones)
            and (not self.strategies or run.strategy in self.strategies)
            and (run.starred or not self.starred)
        )


def chosen(runs: Sequence[Run], wanted: Filter) -> tuple[Run, ...]:
    """Those that pass."""
    return tuple(run for run in runs if wanted.takes(run))


def filters(runs: Sequence[Run]) -> Filter:
    """A row of fields, with what there is to choose from."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="run-filters"):
        words = st.text_input("Search", width=220, icon=":material/search:", **state.linked("find", ""))
        many = {field: _many(title, key, options) for field, (title, key, options) in _choices(runs).items()}
        return Filter(words=words, starred=st.toggle("Starred", **state.linked("starred", False)), **many)


def kept(runs: Sequence[Run]) -> Filter:
    """What the link says, with no field drawn."""
    none: list[str] = []
    many = {
        field: state.asked(key, none, set(options).issuperset) for field, (_, key, options) in _choices(runs).items()
    }
    return Filter(words=state.asked("find", ""), starred=state.asked("starred", False), **many)


def _choices(runs: Sequence[Run]) -> Mapping[str, tuple[str, str, Sequence[str]]]:
    """By a filter's field: its title, its name in the link, and what there is to choose from."""
    return {
        "users": ("Whose", "by", sorted({run.user or NOBODY for run in runs})),
        "states": ("State", "state", [one for one in STATES if any(run.status == one for run in runs)]),
        "tags": ("Tag", "tag", sorted({tag for run in runs for tag in run.tags})),
        "backbones": ("Backbone", "of", sorted({run.backbone for run in runs})),
        "strategies": ("Strategy", "how", sorted({run.strategy for run in runs})),
    }


def _many(title: str, key: str, options: Sequence[str]) -> list[str]:
    none: list[str] = []
    more = state.linked(key, none, set(options).issuperset)
    return st.multiselect(title, options, format_func=visible, width=180, placeholder="All", **more)
