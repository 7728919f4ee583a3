"""Which of a sweep's runs are hopeless now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tlcore.runs.records import Point, Run
from tlcore.runs.sweeps.halving import Curve, Verdict, hopeless
from tlcore.runs.sweeps.plan import Plan

__all__ = ["startup", "verdicts"]

STARTUP = 5
"""Trials that come to their end before any is pruned, as in Optuna's `MedianPruner`; half of all if that is less.

A score after one epoch misleads where learning rates differ, and TPE needs whole trials to learn from.
"""


def verdicts(plan: Plan, runs: Sequence[Run], points: Mapping[str, Sequence[Point]]) -> Iterator[tuple[Run, Verdict]]:
    """Those that train and should not.

    Args:
        points: Of each run, at the ends of its epochs.
    """
    ends = [run.finished for run in runs if run.status == "finished" and run.finished is not None]
    curves = {run.id: _curve(points.get(run.id, ())) for run in runs}
    for run in runs:
        if run.status == "running":
            others = [curve for other, curve in curves.items() if other != run.id]
            shape = {"epochs": run.epochs, "first": plan.first, "factor": plan.factor}
            verdict = hopeless(curves[run.id], others, **shape, ends=ends, startup=startup(plan))
            if verdict is not None:
                yield run, verdict


def startup(plan: Plan) -> int:
    """How many trials have to be at their end before one is pruned."""
    return min(STARTUP, plan.most() // 2)


def _curve(points: Sequence[Point]) -> Curve:
    return [
        (point.epoch, point.time, point.values["val_accuracy"]) for point in points if "val_accuracy" in point.values
    ]
