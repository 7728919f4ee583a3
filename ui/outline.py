"""What a recipe amounts to: what trains, when, at which rate, how long it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from tlcore.adapters.counting import count
from tlcore.adapters.shapes import Shapes
from tlcore.strategies import Lora
from tlcore.training import Recipe
from tlcore.training.outline import Outline, Part, PhaseCost
from ui import charts
from ui.job import answer, job
from ui.layout import card
from ui.words import duration, plain, size

__all__ = ["adapter_count", "cost", "rate_finder", "schedule", "what_trains"]

POINTS = 240
"""Of each rate in the chart."""


def adapter_count(recipe: Recipe) -> int | None:
    """Parameters of the adapters; None until the backbone's shapes are known, for which a job is asked once.

    Raises:
        RecipeError: nothing fits the targets.
    """
    if not isinstance(recipe.strategy, Lora):
        return None
    known = answer("shapes", {"backbone": recipe.backbone})
    return count(Shapes.from_dict(known), recipe.strategy.settings()).adapters if known else None


def what_trains(made: Outline) -> None:
    """Trainable and total parameters, in each phase, stage by stage."""
    with card("What trains", key="summary-card"):
        chosen = made.phases[-1]
        if len(made.phases) > 1:
            names = [f"{i + 1}. {phase.phase.name}" for i, phase in enumerate(made.phases)]
            index = st.selectbox(
                "Phase",
                range(len(names)),
                index=len(names) - 1,
                format_func=names.__getitem__,
                key=f"phase-{len(names)}",
            )
            chosen = made.phases[index]
        total = made.total
        share = f"Trainable / total parameters ({100 * chosen.trainable / total:.1f} %)"
        st.metric(share, f"{chosen.trainable:,} / {total:,}")
        rows = [(part.title, part.n_params, chosen.lrs.get(part.pattern)) for part in made.parts]
        alt = f"A bar for each of {len(rows)} parts: {len(chosen.lrs)} train, the others are frozen."
        charts.draw(charts.parameters(rows), key="parameters-chart", alt=alt)
        if made.frozen_batch_norms and not made.frozen:
            norms = sum(part.batch_norm_params for part in made.parts)
            st.caption(f"{made.frozen_batch_norms:,} BatchNorm layers ({norms:,} parameters) stay frozen throughout.")


def schedule(made: Outline, n_train: int) -> None:
    """Phases on a line, and the learning rate of each group over the run."""
    with card("Learning rates", key="schedule-card"):
        pace = f"{made.per_epoch:,} {'step' if made.per_epoch == 1 else 'steps'} an epoch"
        st.caption(f"{n_train:,} training samples: {pace}, {made.steps:,} in all.")
        if len(made.phases) > 1:
            spans = [(phase.phase.name, phase.phase.epochs, phase.trainable) for phase in made.phases]
            alt = "; ".join(f"{name}: {epochs} epochs" for name, epochs, _ in spans)
            charts.draw(charts.timeline(spans), key="timeline-chart", alt=f"Phases in order. {alt}.")
        series = _series(made)
        alt = f"Learning rate of {len(series)} groups over {made.steps:,} steps, {made.recipe.schedule.name} schedule."
        charts.draw(charts.rates(series, made.per_epoch), key="schedule-chart", alt=alt)


def _series(made: Outline) -> list[tuple[str, list[int], list[float | None]]]:
    """One line for neighbours that always have the same rate."""
    ends = [phase.first_step + offset for phase in made.phases for offset in (0, phase.steps - 1)]
    steps = sorted({*ends, *(1 + round(i * (made.steps - 1) / (POINTS - 1)) for i in range(POINTS))})
    groups: list[tuple[tuple[float | None, ...], list[Part]]] = []
    for part in reversed(made.parts):
        bases = tuple(phase.lrs.get(part.pattern) for phase in made.phases)
        if groups and groups[-1][0] == bases:
            groups[-1][1].insert(0, part)
        else:
            groups.append((bases, [part]))
    moving = [parts for bases, parts in groups if any(bases)]
    return [(_name(parts), steps, [made.rate(parts[0], step) for step in steps]) for parts in moving]


def _name(parts: Sequence[Part]) -> str:
    return parts[0].title if len(parts) == 1 else f"{parts[0].title} to {parts[-1].title}"


def cost(recipe: Recipe, made: Outline) -> None:
    """Time and memory, from steps that were made on this server."""

    def show(found: Mapping[str, Any]) -> None:
        costs = [PhaseCost(**measured) for measured in found["phases"]]
        seconds = sum(
            cost.seconds(phase.steps, phase.phase.epochs) for cost, phase in zip(costs, made.phases, strict=True)
        )
        left, right = st.columns(2)
        left.metric("Estimated time", duration(seconds), help="Measured steps times their number, on this server.")
        where = "GPU memory" if found["device"] == "cuda" else "Memory"
        right.metric(where, size(max(cost.memory for cost in costs)), help="At the peak, of the process that trains.")
        st.caption(
            " · ".join(
                f"{plain(p.phase.name)}: {1000 * c.step:,.1f} ms a step"
                for c, p in zip(costs, made.phases, strict=True)
            )
        )

    with card("Time and memory", key="cost-card"):
        job(
            "cost",
            _of_cost(recipe, made),
            key="cost",
            action="Measure",
            icon=":material/timer:",
            note="Takes a few real steps of each phase on this server.",
            show=show,
        )


def _of_cost(recipe: Recipe, made: Outline) -> dict[str, Any]:
    """The recipe with everything alike that changes neither time nor memory, so that it is measured once."""
    same = recipe.to_dict() | {"seed": 0, "patience": 0, "schedule": {"name": "constant", "warmup": 0.0}}
    phases = [
        {"name": f"{i}", "epochs": 1, "lrs": dict.fromkeys(phase.phase.lrs, 1e-6)}
        for i, phase in enumerate(made.phases)
    ]
    return same | {"phases": phases, "epochs": len(phases)}


def rate_finder(recipe: Recipe, made: Outline, use: Any) -> None:
    """The learning-rate range test: its curve, and the rate it suggests, ready to be used."""

    def show(found: Mapping[str, Any]) -> None:
        suggestion = found["suggestion"]
        alt = f"Loss over a rising learning rate; it falls fastest at {suggestion['lr']:.1e}."
        charts.draw(charts.rate_range(found["points"], suggestion["lr"]), key="range-chart", alt=alt)
        times = suggestion["factor"]
        st.markdown(
            f"The loss falls fastest at **{suggestion['lr']:.1e}** for the fastest group: **{times:.2g} times** "
            "this recipe's rates."
        )
        st.button("Use it for all groups", icon=":material/check:", key="use-range", on_click=use, args=(times,))

    with st.expander("Find a learning rate", icon=":material/query_stats:", key="range"):
        about = recipe.to_dict() | {"patience": 0}
        job(
            "range",
            about,
            key="range",
            action="Run the range test",
            icon=":material/query_stats:",
            note="Trains the last phase for 100 steps while the rates rise, and watches the loss. No weights are kept.",
            show=show,
        )
