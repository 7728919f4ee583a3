"""The learning rates of a run as lines of a chart."""

from __future__ import annotations

from collections.abc import Sequence

from tlcore.zoo import stage_title
from ui.history import RATE, History
from ui.live_plot import Trace
from ui.words import label

__all__ = ["peaks", "rates"]


def rates(held: History) -> list[Trace]:
    """A line for each rate, from input to output. Neighbours that always had the same one share a line."""
    joined = [name for scope, name in held.curves if scope == "step" and name.startswith(RATE)]
    groups: list[list[str]] = []
    for name in [*(name for name in joined if name not in held.rates), *held.rates]:
        if groups and held.alike(groups[-1][-1], name):
            groups[-1].append(name)
        else:
            groups.append([name])
    # Colours in the order of joining: a line keeps its own when another joins.
    colours = {group[0]: i for i, group in enumerate(sorted(groups, key=lambda group: joined.index(group[0])))}
    return [
        Trace(
            key=f"rate-{joined.index(group[0])}",
            name=_title(group),
            curve=held.curve("step", group[0]),
            colour=colours[group[0]],
            look="line",
        )
        for group in groups
    ]


def peaks(traces: Sequence[Trace]) -> tuple[float, float]:
    """The lowest and the highest of the rates that the lines reach; zeros before the first step."""
    import numpy as np

    reached = [float(np.max(trace.curve.values)) for trace in traces]
    return (min(reached), max(reached)) if reached else (0.0, 0.0)


def _title(group: Sequence[str]) -> str:
    """`conv_stem to blocks.2`, `layer.4, layer.5`, or the one."""
    first, last = (label(_stage(name.removeprefix(RATE))) for name in (group[0], group[-1]))
    if len(group) == 1:
        return first
    return f"{first}, {last}" if len(group) == 2 else f"{first} to {last}"


def _stage(pattern: str) -> str:
    return "adapters" if "lora_" in pattern else stage_title(pattern)
