"""Trainings: begun, followed, shown, controlled, deleted. At the shell everything may be done to every run."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tlcore.commands.application import AsJson, app
from tlcore.commands.following import Lines
from tlcore.commands.settings import from_file, from_options, made_of
from tlcore.commands.table import print_rows
from tlcore.home import home
from tlcore.runs import Run, Studio, Waiting
from tlcore.strategies import strategies

__all__ = ["delete", "extend", "pause", "resume", "runs", "shell_user", "show", "stop", "train"]

FOLLOW_SECONDS = 0.2
Follow = Annotated[bool, typer.Option("--follow/--detach", help="Wait for the end, or return at once.")]


@app.command()
def train(
    recipe: Annotated[Path | None, typer.Argument(help="A recipe file (TOML), instead of the options.")] = None,
    source: Annotated[str, typer.Option("--data", help="A folder, zip, csv, `sample:NAME` or a dataset's id.")] = "",
    backbone: Annotated[str, typer.Option(help="A name that `models` lists.")] = "",
    strategy: Annotated[
        str, typer.Option(help=f"How to train: {', '.join(kind.name for kind in strategies())}.")
    ] = "feature_extraction",
    epochs: Annotated[int | None, typer.Option(help="Passes over the train split; the strategy's own without.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="key=value, e.g. lr=0.01, batch_size=64, head.hidden=[128].")
    ] = None,
    name: Annotated[str, typer.Option(help="What to call the run.")] = "",
    follow: Follow = True,
    as_json: AsJson = False,
) -> None:
    """Train a head (or more) on a pretrained backbone and score it once on the test split."""
    studio = Studio(home())
    plain = from_file(recipe) if recipe else from_options(source, backbone, strategy, epochs)
    made = made_of(plain, settings or [])
    run = studio.launch(made, name=name, user=shell_user())
    _watch(studio, run, follow, as_json)


@app.command()
def runs(
    as_json: AsJson = False,
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 20,
    queue: Annotated[bool, typer.Option("--queue", help="Those that wait, in the order in which they start.")] = False,
) -> None:
    """List the newest runs, or the queue."""
    studio = Studio(home())
    if queue:
        print_queue(studio.queue(), as_json)
    else:
        print_runs(list(studio.runs(limit=limit)), as_json)


@app.command()
def show(run: str, as_json: AsJson = False) -> None:
    """Everything about one run: status, epoch, scores, recipe and report."""
    found = Studio(home()).run(run)
    if as_json:
        print(json.dumps({"run": found.id, **{k: v for k, v in asdict(found).items() if k != "id"}}))
        return
    print_runs([found], False)
    if words := found.activity or found.reason:
        print(f"{found.status}: {words}")
    for line in Studio(home()).notes(run):
        print(f"{time.strftime('%H:%M:%S', time.localtime(line.time))} {line.level}: {line.text}")


@app.command()
def stop(run: str, as_json: AsJson = False) -> None:
    """Stop a run; its best epoch so far is kept and scored."""
    studio = Studio(home())
    before = studio.run(run)
    if not before.live:
        print(f"Run {run} was over already: {before.status}.", file=sys.stderr)
    print_runs([studio.stop(run)], as_json)


@app.command()
def pause(run: str, as_json: AsJson = False) -> None:
    """Have a run write its state and free its slot; `resume` lets it go on."""
    studio = Studio(home())
    before = studio.run(run)
    if not before.live:
        print(f"Run {run} rests already: {before.status}.", file=sys.stderr)
    print_runs([studio.pause(run)], as_json)


@app.command()
def resume(run: str, follow: Follow = True, as_json: AsJson = False) -> None:
    """Go on with a run that was paused, stopped or interrupted, from its last saved state."""
    studio = Studio(home())
    _watch(studio, studio.resume(run), follow, as_json)


@app.command()
def extend(
    run: str,
    epochs: Annotated[int, typer.Argument(help="How many more, with a schedule of their own.")],
    follow: Follow = True,
    as_json: AsJson = False,
) -> None:
    """Let a finished run train for more epochs; its test split is scored again."""
    studio = Studio(home())
    _watch(studio, studio.extend(run, epochs), follow, as_json)


@app.command()
def delete(
    run: str,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove a run with its metrics and files."""
    studio = Studio(home())
    found = studio.run(run)
    if not yes and not typer.confirm(f"Delete run {run}, {found.name!r}, with its weights and metrics?", err=True):
        print("Nothing was deleted.", file=sys.stderr)
        raise SystemExit(1)
    studio.delete(run)
    print(json.dumps({"run": run, "status": "deleted"}) if as_json else f"Run {run} is deleted.")


def _watch(studio: Studio, run: Run, follow: bool, as_json: bool) -> None:
    """Follow a run to its end if asked to, print what it came to, and exit with 1 if it failed."""
    if follow:
        run = _follow(studio, run, as_json)
    print_runs([run], as_json)
    if run.status == "failed" or run.status == "interrupted":
        print(run.reason, file=sys.stderr)
        raise SystemExit(1)


def _follow(studio: Studio, run: Run, as_json: bool) -> Run:
    """Draw the run's progress on stderr until it ends. Ctrl-C leaves the run to itself."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    seen, lines = 0, Lines(run)
    print(f"Run {run.id} is {run.status}: {run.activity or 'it begins soon'}.", file=sys.stderr, flush=True)
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        bar = progress.add_task("queued", total=1.0)
        try:
            while run.live:
                time.sleep(FOLLOW_SECONDS)
                run = studio.run(run.id)
                progress.update(bar, completed=run.progress(time.time()), description=run.activity or run.status)
                if not progress.console.is_terminal and (news := lines.news(run)):
                    print(news, file=sys.stderr, flush=True)
                for point in studio.points(run.id, after=seen) if as_json else ():
                    seen = point.id
                    if point.scope == "epoch":
                        print(json.dumps({"run": run.id, "epoch": point.epoch, **point.values}), flush=True)
        except KeyboardInterrupt:
            print(f"Run {run.id} goes on. Follow it: python -m tlcore show {run.id}", file=sys.stderr)
            raise SystemExit(130) from None
        progress.update(bar, completed=1.0, description=run.status)
    return run


def _result(run: Run) -> dict[str, Any]:
    return {
        "run": run.id,
        "status": run.status,
        "name": run.name,
        "user": run.user,
        "tags": list(run.tags),
        "starred": run.starred,
        "dataset": run.dataset,
        "backbone": run.backbone,
        "strategy": run.strategy,
        "epoch": run.epoch,
        "best_epoch": run.best_epoch,
        "val_accuracy": run.val_accuracy,
        "test_accuracy": run.test_accuracy,
        "test_macro_f1": run.test_macro_f1,
        "seconds": round(run.seconds(time.time()), 2),
    }


def print_runs(runs: list[Run], as_json: bool) -> None:
    """All that is known as JSON, what fits 80 columns as a table."""
    if as_json:
        print_rows([_result(run) for run in runs], True)
        return
    rows = [
        {
            "run": run.id,
            "status": run.status,
            "user": run.user,
            "backbone": run.backbone,
            "epoch": f"{run.epoch}/{run.epochs}",
            "val": run.val_accuracy,
            "test": run.test_accuracy,
            "seconds": round(run.seconds(time.time()), 1),
            "tags": " ".join(["*"] * run.starred + list(run.tags)),
        }
        for run in runs
    ]
    print_rows(rows, False)


def print_queue(waiting: Sequence[Waiting], as_json: bool) -> None:
    """Who is when, and why not now."""
    rows = [
        {
            "position": one.position,
            "run": one.run.id,
            "user": one.run.user,
            "starts_in_s": None if one.starts_in is None else round(one.starts_in, 1),
            "why": one.why,
        }
        for one in waiting
    ]
    print_rows(rows, as_json)


def shell_user() -> str:
    """The name of whoever sits at this shell; empty where the system has none."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
