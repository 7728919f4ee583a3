"""What pages and the command line do with sweeps."""

from __future__ import annotations

import secrets
import socket
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

from tlcore.data import Dataset, load_dataset
from tlcore.errors import RecipeError, RunError, TlcoreError
from tlcore.runs import launcher
from tlcore.runs.asking import check
from tlcore.runs.labels import NAME, name_of, user_of
from tlcore.runs.store import Store
from tlcore.runs.studio import Studio
from tlcore.runs.sweeps.ledger import Ledger
from tlcore.runs.sweeps.plan import Plan, Values, drawn, grid, recipe_of
from tlcore.runs.sweeps.records import Sweep

__all__ = ["begin", "cancel", "delete", "driven_here", "resume", "some", "sweep_folder", "sweeps"]

MOST = 10_000
"""Sweeps whose names are looked through for one that is free."""
SOME = 200
"""Combinations that are looked at where a space has no end."""


def begin(studio: Studio, plan: Plan, *, name: str = "", user: str = "", estimate: float | None = None) -> Sweep:
    """Have a plan worked through; returns at once.

    Raises:
        DataError: the dataset is not in this home.
        RecipeError, WeightsError: not one of its combinations can be trained; says what is wrong with the first.
    """
    dataset = load_dataset(studio.home, plan.dataset)
    _possible(studio, plan)
    ledger = Ledger(studio.store)
    found = ledger.create(
        id=f"s{time.strftime('%m%d')}-{secrets.token_hex(3)}",
        name=name_of(name if name.strip() else _name(ledger, dataset)),
        user=user_of(user),
        dataset=dataset.id,
        dataset_name=dataset.name,
        modality=dataset.modality,
        plan=plan.to_dict(),
        estimate=estimate,
        place=_place(studio.home),
    )
    launcher.ring(studio.home)
    return found


def _name(ledger: Ledger, dataset: Dataset) -> str:
    """`Sweep on pets`, `Sweep 2 on pets`: trials are called by it, and told apart."""
    taken, n = {sweep.name for sweep in ledger.sweeps(limit=MOST)}, 1
    while (name := f"Sweep{f' {n}' if n > 1 else ''} on {dataset.name}"[:NAME]) in taken:
        n += 1
    return name


def cancel(studio: Studio, sweep_id: str, *, user: str | None = None) -> Sweep:
    """End a sweep: what waits is withdrawn, what trains is stopped and kept. Doing it twice does no harm."""
    ledger, _ = _asked(studio, sweep_id, user, "cancel")
    ledger.update(sweep_id, where=("running",), state="stopping", reason="Cancelled.")
    launcher.ring(studio.home)
    return ledger.sweep(sweep_id)


def resume(studio: Studio, sweep_id: str, *, budget: float | None = None, user: str | None = None) -> Sweep:
    """Go on with a sweep that was cancelled, failed, or whose budget is used up.

    Args:
        budget: More seconds; without it there is no limit from now on if the last one is used up.

    Raises:
        RunError: it has come to its end, or is at work.
    """
    ledger, sweep = _asked(studio, sweep_id, user, "resume")
    if sweep.state not in ("stopped", "failed"):
        raise RunError(f"Sweep {sweep_id} is {sweep.state}: only one that was stopped or failed can go on.")
    plan = sweep.planned()
    limit = plan.budget
    if budget is not None:
        limit = sweep.worked + budget
    elif limit is not None and sweep.worked >= limit:
        limit = None
    columns = {"plan": replace(plan, budget=limit).to_dict(), "winner": None, "finished": None, "reason": ""}
    ledger.update(sweep_id, where=("stopped", "failed"), state="running", **columns)
    launcher.ring(studio.home)
    return ledger.sweep(sweep_id)


def delete(studio: Studio, sweep_id: str, *, user: str | None = None) -> None:
    """Forget a sweep that is at rest; its runs stay.

    Raises:
        RunError: it is at work.
    """
    ledger, sweep = _asked(studio, sweep_id, user, "delete")
    if sweep.live:
        raise RunError(f"Sweep {sweep_id} is at work: cancel it before deleting it.")
    ledger.delete(sweep_id)


def sweeps(studio: Studio, limit: int = 100) -> tuple[Sweep, ...]:
    """The newest first. One at work has its driver started if that has died."""
    found = Ledger(studio.store).sweeps(limit=limit)
    if any(sweep.live for sweep in found):
        launcher.ensure(studio.home)
    return found


def some(plan: Plan) -> tuple[Values, ...]:
    """What its trials are like: all of a grid, else a few hundred drawn by its seed."""
    return grid(plan) if plan.method == "grid" else tuple(islice(drawn(plan, 0), SOME))


def driven_here(sweep: Sweep, store: Store, home: Path) -> bool:
    """Whether this home on this host drives it: one that has its data, and where it was begun if several share a store.

    A container that is made anew has another name, so a store that is local is not asked for its host.
    """
    return (store.local or sweep.place == _place(home)) and (home / "datasets" / sweep.dataset).is_dir()


def sweep_folder(home: Path, sweep_id: str) -> Path:
    """Where its driver keeps its lock and its log."""
    return home / "sweeps" / sweep_id


def _place(home: Path) -> str:
    return f"{socket.gethostname()}:{home.resolve()}"


def _possible(studio: Studio, plan: Plan) -> None:
    """At least one combination can be trained."""
    dataset = load_dataset(studio.home, plan.dataset)
    first: TlcoreError | None = None
    for values in some(plan):
        try:
            check(recipe_of(plan, values), dataset)
        except TlcoreError as error:
            first = first or error
        else:
            return
    raise first or RecipeError("There is nothing to try.")


def _asked(studio: Studio, sweep_id: str, user: str | None, verb: str) -> tuple[Ledger, Sweep]:
    ledger = Ledger(studio.store)
    sweep = ledger.sweep(sweep_id)
    if user is not None and sweep.user not in ("", user) and not studio.settings.anyone_controls:
        raise RunError(f"Sweep {sweep_id} belongs to {sweep.user!r}: only its owner can {verb} it.")
    return ledger, sweep
