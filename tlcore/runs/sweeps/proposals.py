"""The next combination to try, from those that were tried: a pure function of the plan and its trials.

Nothing of the search is kept between two proposals, in memory or in a file of Optuna's: the store has every trial, and
a second record could only disagree with it after a driver has died.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from tlcore.runs.sweeps.axis import Axis
from tlcore.runs.sweeps.plan import Plan, Values, drawn, grid, known_options

if TYPE_CHECKING:
    import optuna

__all__ = ["Tried", "propose"]

TRIES = 200
"""How often a combination that was tried already is drawn again before the space counts as exhausted."""
STARTUP = 5
"""Trials by chance before TPE has something to model, or a quarter of all if that is less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A trial as the search sees it."""

    values: Values
    state: Literal["live", "done", "pruned", "failed"]
    score: float | None = None
    """Best val accuracy, in [0, 1]; 0 where a failure lies in the values, so that the search keeps away from them."""
    epoch: int = 1
    """The last that it finished."""


def propose(plan: Plan, tried: Sequence[Tried]) -> Values | None:
    """The next trial's values, none twice; None when there is nothing left to try."""
    number = len(tried) + 1
    if plan.method == "grid":
        return next(iter(grid(plan)[len(tried) : number]), None)
    if number > plan.trials:
        return None
    known = {_key(one.values) for one in tried}
    found = _modelled(plan, tried) if plan.method == "tpe" and len(tried) >= _startup(plan) else iter(())
    for values in found:
        if _key(values) not in known:
            return values
    return next((values for values in islice(drawn(plan, number), TRIES) if _key(values) not in known), None)


def _startup(plan: Plan) -> int:
    return max(1, min(STARTUP, plan.trials // 4))


def _modelled(plan: Plan, tried: Sequence[Tried]) -> Iterator[Values]:
    """Proposals of a Tree-structured Parzen Estimator (Bergstra et al. 2011), which learns from every trial so far."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    for again in range(3):
        seed = (plan.seed * 1_000_003 + 31 * len(tried) + again) % 2**32
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=_startup(plan), constant_liar=True)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        study.add_trials([_known(plan, one) for one in tried])
        yield _asked(plan, study.ask())


def _asked(plan: Plan, trial: optuna.Trial) -> Values:
    values: dict[str, Any] = {name: _suggested(trial, plan.axis(name)) for name in ("backbone", "strategy")}
    for axis in plan.axes[2:]:
        if axis.name in known_options(values["strategy"]):
            values[axis.name] = _suggested(trial, axis)
    return values


def _suggested(trial: optuna.Trial, axis: Axis) -> Any:
    if axis.values:
        return json.loads(trial.suggest_categorical(axis.name, [json.dumps(one) for one in axis.values]))
    assert axis.low is not None and axis.high is not None
    if axis.whole:
        return trial.suggest_int(axis.name, int(axis.low), int(axis.high), log=axis.log)
    value = trial.suggest_float(axis.name, axis.low, axis.high, log=axis.log)
    return min(axis.high, max(axis.low, float(f"{value:.4g}")))


def _known(plan: Plan, one: Tried) -> optuna.trial.FrozenTrial:
    import optuna

    states = optuna.trial.TrialState
    state = {"live": states.RUNNING, "done": states.COMPLETE, "pruned": states.PRUNED, "failed": states.FAIL}[one.state]
    if state in (states.COMPLETE, states.PRUNED) and one.score is None:
        state = states.FAIL
    elif state == states.FAIL and one.score is not None:
        state = states.COMPLETE
    axes = {axis.name: axis for axis in plan.axes if axis.name in one.values}
    return optuna.trial.create_trial(
        state=state,
        value=one.score if state == states.COMPLETE else None,
        params={name: json.dumps(one.values[name]) if axis.values else one.values[name] for name, axis in axes.items()},
        distributions={name: _distribution(axis) for name, axis in axes.items()},
        intermediate_values={one.epoch: one.score} if state == states.PRUNED and one.score is not None else None,
    )


def _distribution(axis: Axis) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if axis.values:
        return CategoricalDistribution([json.dumps(one) for one in axis.values])
    assert axis.low is not None and axis.high is not None
    if axis.whole:
        return IntDistribution(int(axis.low), int(axis.high), log=axis.log)
    return FloatDistribution(axis.low, axis.high, log=axis.log)


def _key(values: Values) -> str:
    return json.dumps(values, sort_keys=True)
