"""Sweeps: begun, followed, listed, shown, cancelled, resumed."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tlcore.commands.application import AsJson, app
from tlcore.commands.table import print_rows
from tlcore.errors import RecipeError
from tlcore.home import home

if TYPE_CHECKING:
    from tlcore.data import Dataset
    from tlcore.runs import Studio
    from tlcore.runs.sweeps import Estimate, Plan, Standing, Sweep

__all__ = ["print_sweep", "sweep", "sweeps"]

FOLLOW_SECONDS = 0.5
UNITS = {"s": 1, "m": 60, "h": 3600}
Follow = Annotated[bool, typer.Option("--follow/--detach", help="Wait for the end, or return at once.")]


@app.command()
def sweep(
    source: Annotated[str, typer.Option("--data", help="A folder, zip, csv, `sample:NAME` or a dataset's id.")],
    backbone: Annotated[list[str] | None, typer.Option(help="A model to try; may be given again.")] = None,
    strategy: Annotated[list[str] | None, typer.Option(help="A strategy to try; may be given again.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="An option's values or range: lr=1e-4..1e-2, head.width=128,256, rates=0.3,1,3."),
    ] = None,
    epochs: Annotated[str, typer.Option(help="Passes over the train split, or values to try: 10, or 5,10.")] = "",
    method: Annotated[str, typer.Option(help="grid, random or tpe.")] = "tpe",
    trials: Annotated[int, typer.Option(help="How many at most; a grid takes all its combinations.")] = 20,
    budget: Annotated[str, typer.Option(help="Time after which it stops, such as 90s, 30m or 2h.")] = "",
    seed: Annotated[int, typer.Option(help="Of the search and of each trial.")] = 0,
    pruning: Annotated[bool, typer.Option("--pruning/--no-pruning", help="Stop hopeless trials early.")] = True,
    name: Annotated[str, typer.Option(help="What to call it.")] = "",
    measure: Annotated[
        bool, typer.Option("--measure/--no-measure", help="Time some steps where no pace is known.")
    ] = True,
    follow: Follow = True,
    as_json: AsJson = False,
) -> None:
    """Train many recipes within a budget: models x strategies x options. The estimate is printed first."""
    from tlcore.commands.runs import shell_user
    from tlcore.data import resolve
    from tlcore.runs import Studio
    from tlcore.runs.sweeps import Axis, Plan, begin

    studio, dataset = Studio(home()), resolve(source, home())
    from tlcore.zoo import backbones

    models = tuple(backbone or [backbones(dataset.modality)[0].name])
    axes = [
        Axis(name="backbone", values=models),
        Axis(name="strategy", values=tuple(strategy or ["feature_extraction"])),
        *([Axis.parse("epochs", epochs)] if epochs.strip() else []),
        *(_axis(setting) for setting in settings or []),
    ]
    plan = Plan(
        dataset=dataset.id, axes=tuple(axes), method=method, trials=trials, seed=seed, budget=seconds_of(budget),
        pruning=pruning,
    )  # fmt: skip
    found = _estimated(studio, dataset, plan, measure)
    print(found, file=sys.stderr)
    made = begin(studio, plan, name=name, user=shell_user(), estimate=found.seconds)
    if as_json:
        about = {"sweep": made.id, "trials": found.trials, "estimate_seconds": found.seconds}
        print(json.dumps(about), flush=True)
    if follow:
        made = _follow(studio, made, as_json)
    print_sweep(studio, made, as_json)
    if made.state == "failed":
        raise SystemExit(1)


@app.command()
def sweeps(
    sweep_id: Annotated[str, typer.Argument(metavar="[SWEEP]", help="Show this one with its leaderboard.")] = "",
    cancel: Annotated[bool, typer.Option("--cancel", help="Stop it; trials are kept.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with one that was stopped.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Forget it; its runs stay.")] = False,
    budget: Annotated[str, typer.Option(help="With --resume: so much more time.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the newest sweeps, or show, cancel, resume or delete one."""
    from tlcore.runs import Studio
    from tlcore.runs import sweeps as rooms

    studio = Studio(home())
    if not sweep_id:
        if cancel or resume or delete:
            raise RecipeError("Name the sweep: python -m tlcore sweeps SWEEP --cancel.")
        _print_list(studio, as_json)
        return
    if delete:
        rooms.delete(studio, sweep_id)
        print(json.dumps({"sweep": sweep_id, "state": "deleted"}) if as_json else f"Sweep {sweep_id} is deleted.")
        return
    if cancel:
        rooms.cancel(studio, sweep_id)
    if resume:
        rooms.resume(studio, sweep_id, budget=seconds_of(budget))
    print_sweep(studio, rooms.Ledger(studio.store).sweep(sweep_id), as_json)


def seconds_of(text: str) -> float | None:
    """`90s`, `30m`, `2h`, or minutes without a unit; None for nothing.

    Raises:
        RecipeError: it is no time.
    """
    if not text.strip():
        return None
    number, unit = (text.strip()[:-1], text.strip()[-1]) if text.strip()[-1] in UNITS else (text, "m")
    try:
        return float(number) * UNITS[unit]
    except ValueError:
        raise RecipeError(f"A budget is a time such as 90s, 30m or 2h; got {text!r}.") from None


def print_sweep(studio: Studio, made: Sweep, as_json: bool) -> None:
    """Its leaderboard, then one line for all of it."""
    from tlcore.runs.sweeps import tie

    stands = _standing(studio, made)
    if as_json:
        rows = [asdict(row) for row in stands.rows]
        about = {"state": made.state, "reason": made.reason, "winner": made.winner, "seconds": round(made.worked, 1)}
        print(
            json.dumps(
                {
                    "sweep": made.id,
                    **about,
                    "done": stands.done,
                    "trials": stands.most,
                    "tied": stands.tied,
                    "leaderboard": rows,
                }
            )
        )
        return
    print_rows([_line(row) for row in stands.rows], False)
    print(f"Sweep {made.id} is {made.state}: {stands.done} of {stands.most} trials are over. {made.reason}".strip())
    if tied := tie(stands):
        print(tied)


def _line(row: Any) -> dict[str, Any]:
    low, high = row.interval or (None, None)
    return {
        "rank": row.rank,
        "trial": row.number,
        "run": row.run,
        "state": row.state,
        "val": row.val_accuracy,
        "95 %": "-" if low is None else f"{low:.3f}-{high:.3f}",
        "test": row.test_accuracy,
        "epoch": f"{row.epoch}/{row.epochs}",
        "seconds": round(row.seconds, 1),
        **{
            name: value if isinstance(value, str | int | float) else json.dumps(value)
            for name, value in row.values.items()
        },
    } | ({} if row.run else {"state": f"{row.state}: {row.reason}"})


def _print_list(studio: Studio, as_json: bool) -> None:
    from tlcore.runs.sweeps import sweeps as listed

    rows = [
        {
            "sweep": one.id,
            "state": one.state,
            "name": one.name,
            "user": one.user,
            "method": one.plan["method"],
            "winner": one.winner,
            "seconds": round(one.worked, 1),
        }
        for one in listed(studio)
    ]
    print_rows(rows, as_json)


def _follow(studio: Studio, made: Sweep, as_json: bool) -> Sweep:
    """Until it is over; trials that end are lines. Ctrl-C leaves the sweep to itself."""
    from rich.console import Console
    from rich.progress import Progress

    from tlcore.runs.sweeps import Ledger

    told: set[int] = set()
    try:
        with Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task("sweep", total=1.0)
            while made.live:
                time.sleep(FOLLOW_SECONDS)
                made = Ledger(studio.store).sweep(made.id)
                stands = _standing(studio, made)
                best = stands.rows[0].val_accuracy if stands.rows else None
                words = f"{stands.done} of {stands.most} trials" + (f", best val {best:.1%}" if best else "")
                bar.update(task, completed=stands.done / max(1, stands.most), description=words)
                for row in stands.rows:
                    if row.state in ("finished", "stopped", "pruned", "failed") and row.number not in told:
                        told.add(row.number)
                        if as_json:
                            print(json.dumps({"sweep": made.id, **asdict(row)}), flush=True)
    except KeyboardInterrupt:
        print(f"Sweep {made.id} goes on. See it: python -m tlcore sweeps {made.id}", file=sys.stderr)
        raise SystemExit(130) from None
    return made


def _standing(studio: Studio, made: Sweep) -> Standing:
    from tlcore.data import load_dataset
    from tlcore.errors import DataError
    from tlcore.runs.sweeps import Ledger, standing

    try:
        n_val = len(load_dataset(studio.home, made.dataset).rows("val"))
    except DataError:
        n_val = 0
    trials, runs = Ledger(studio.store).trials(made.id), studio.store.trials(made.id)
    return standing(made, trials, runs, n_val, studio.slots(), time.time())


def _estimated(studio: Studio, dataset: Dataset, plan: Plan, measure: bool) -> Estimate:
    """What is known already, and with `measure` what can be found out by a few steps of each pair."""
    from tlcore.runs import jobs
    from tlcore.runs.sweeps.estimate import estimate, paces, questions

    def known() -> Estimate:
        return estimate(plan, paces(plan, dataset, studio), studio.slots())

    found = known()
    asked = questions(plan, found.unknown) if measure else ()
    for number, about in enumerate(asked, 1):
        print(f"Measuring the pace of {about['backbone']} ({number} of {len(asked)})", file=sys.stderr)
        job = jobs.ask(studio.home, "cost", about)
        while job.live:
            time.sleep(FOLLOW_SECONDS)
            job = jobs.look(studio.home, "cost", about)
        if job.status == "failed":
            print(job.words, file=sys.stderr)
    return known() if asked else found


def _axis(setting: str) -> Any:
    from tlcore.runs.sweeps import Axis

    name, equals, text = setting.partition("=")
    if not equals:
        raise RecipeError(f"--set takes name=values, as in lr=1e-4..1e-2; got {setting!r}.")
    return Axis.parse(name.strip(), text)
