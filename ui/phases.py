"""Phases and rates of one's own, as two tables that start from the strategy's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from tlcore.errors import RecipeError
from tlcore.strategies import Phase
from tlcore.training.outline import ADAPTERS, Outline
from ui import state

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["phase_fields"]

LORA = "backbone.*lora_*"


def phase_fields(made: Outline) -> tuple[Phase, ...]:
    """The phases as edited, or none where the strategy's own are wanted.

    Raises:
        RecipeError: a phase that trains nothing, or a rate out of range.
    """
    own = st.toggle(
        "Edit phases and rates",
        key="own-phases",
        persist_state="session",
        help="Starts from the strategy's own. A rate of none keeps that part frozen in that phase.",
    )
    if not own:
        return ()
    base = state.given_phases() or tuple(phase.phase for phase in made.phases)
    key = hashlib.sha256(repr((base, [part.pattern for part in made.parts])).encode()).hexdigest()[:8]
    spans = _spans(base, key)
    return _read(spans, _rates(base, spans, made, key), made)


def _spans(base: Sequence[Phase], key: str) -> pd.DataFrame:
    import pandas as pd

    rows = [{"phase": phase.name, "epochs": phase.epochs, "warm-up": round(100 * phase.warmup)} for phase in base]
    return st.data_editor(
        pd.DataFrame(rows),
        num_rows="dynamic",
        hide_index=True,
        key=f"phase-spans-{key}",
        alt="Phases: name, epochs, and share of warm-up",
        column_config={
            "phase": st.column_config.TextColumn("Phase", required=True, max_chars=40),
            "epochs": st.column_config.NumberColumn("Epochs", min_value=1, max_value=10_000, step=1, required=True),
            "warm-up": st.column_config.NumberColumn("Warm-up (%)", min_value=0, max_value=90, step=5),
        },
    )


def _rates(base: Sequence[Phase], spans: pd.DataFrame, made: Outline, key: str) -> pd.DataFrame:
    """A row for each part, a column for each phase; an added phase starts with the rates of the last one."""
    import pandas as pd

    starts = [phase.lrs for phase in made.phases] if not state.given_phases() else [_by_part(p, made) for p in base]
    columns = {
        f"{i + 1}": [starts[min(i, len(starts) - 1)].get(part.pattern) for part in made.parts]
        for i in range(len(spans))
    }
    table = pd.DataFrame({"part": [part.title for part in made.parts], **columns}).astype(
        dict.fromkeys(columns, "float64")
    )
    names = [str(name or i + 1) for i, name in enumerate(spans["phase"])]
    config = {
        f"{i + 1}": st.column_config.NumberColumn(name, min_value=0.0, max_value=1.0, format="%.2e")
        for i, name in enumerate(names)
    }
    st.caption("Learning rate of each part in each phase; an empty cell is frozen.")
    return st.data_editor(
        table,
        hide_index=True,
        disabled=["part"],
        key=f"phase-rates-{key}-{len(spans)}",
        placeholder="frozen",
        alt="Learning rates: parts in rows, phases in columns",
        column_config={"part": st.column_config.TextColumn("Part", pinned=True), **config},
    )


def _by_part(phase: Phase, made: Outline) -> Mapping[str, float]:
    return {part.pattern: phase.lrs[key] for part in made.parts if (key := _pattern(part.pattern)) in phase.lrs}


def _pattern(part: str) -> str:
    return LORA if part == ADAPTERS else part


def _read(spans: pd.DataFrame, rates: pd.DataFrame, made: Outline) -> tuple[Phase, ...]:
    phases = []
    for i, row in enumerate(spans.to_dict("records")):
        column = rates[f"{i + 1}"]
        lrs: dict[str, float] = {
            _pattern(part.pattern): float(lr) for part, lr in zip(made.parts, column, strict=True) if lr == lr and lr
        }
        phases.append(
            Phase(name=_name(row, i), epochs=_whole(row, "epochs"), lrs=lrs, warmup=_whole(row, "warm-up") / 100)
        )
    if not phases:
        raise RecipeError("A training needs at least one phase: add a row, or turn the editing off.")
    return tuple(phases)


def _name(row: Mapping[Any, Any], i: int) -> str:
    return str(row["phase"] or f"phase {i + 1}")


def _whole(row: Mapping[Any, Any], name: str) -> int:
    value = row[name]
    return 0 if value is None or value != value else int(value)
