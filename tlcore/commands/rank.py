"""Which backbone suits a dataset, before anything is fine-tuned."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tlcore.commands.application import AsJson, app
from tlcore.commands.table import print_rows
from tlcore.errors import RecipeError, WeightsError
from tlcore.home import home

if TYPE_CHECKING:
    from tlcore.data import Dataset
    from tlcore.runs.ranking import Standing
    from tlcore.zoo import Backbone

__all__ = ["rank"]

LOOK_SECONDS = 0.2
COLUMNS = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())


@app.command()
def rank(
    source: Annotated[str, typer.Option("--data", help="A folder, zip, csv, `sample:NAME` or a dataset's id.")] = "",
    names: Annotated[
        list[str] | None, typer.Option("--backbone", help="One to rank, may be repeated; all usable ones without.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score backbones on your data from frozen features, the best first. Ctrl-C keeps what is done."""
    from tlcore.data import resolve
    from tlcore.zoo import learn

    if not source:
        raise RecipeError("Say what to rank on: --data PATH, or --data sample:digits.")
    learn(home())
    named = _named(names or [])
    begun, dataset = time.monotonic(), resolve(source, home())
    chosen = named or _usable(dataset)
    stopped = _follow(dataset, chosen, as_json)
    _print(dataset, chosen, time.monotonic() - begun, as_json)
    if stopped:
        raise SystemExit(130)
    if not any(one.score for one in _standings(dataset, chosen)):
        raise SystemExit(1)


def _named(names: Iterable[str]) -> list[Backbone]:
    """Each once, in the order given."""
    from tlcore.zoo import backbone

    return [backbone(name) for name in dict.fromkeys(names)]


def _usable(dataset: Dataset) -> list[Backbone]:
    from tlcore.runs.ranking import candidates

    found = candidates(dataset, home())
    here = [record for record, weights in found if weights.ready]
    if not here:
        raise WeightsError(
            f"No backbone that reads {dataset.modality}s has its weights on this machine, and none is ranked on random "
            f"ones. `python -m tlcore weights {found[0][0].name} --download` gets some."
        )
    if away := len(found) - len(here):
        print(
            f"{away} more backbones read {dataset.modality}s, but have no weights here; "
            "`python -m tlcore weights NAME --download` gets them.",
            file=sys.stderr,
        )
    return here


def _standings(dataset: Dataset, chosen: Sequence[Backbone]) -> tuple[Standing, ...]:
    from tlcore.runs.ranking import standings

    return standings(dataset, chosen, home())


def _follow(dataset: Dataset, chosen: Sequence[Backbone], as_json: bool) -> bool:
    """Draw progress on stderr until all is scored, printing rows as they come; returns whether Ctrl-C ended it."""
    from tlcore.runs.ranking import begin, left, stop
    from tlcore.zoo import weights_state

    known = {one.record.name for one in _standings(dataset, chosen) if one.score}
    begin(dataset, chosen, home())
    total = max(1, sum(weights_state(record, home()).ready for record in chosen))
    said: set[str] = set()
    try:
        with Progress(*COLUMNS, console=Console(stderr=True)) as progress:
            bar = progress.add_task("ranking", total=float(total))
            while True:
                now = _standings(dataset, chosen)
                for row in _news(now, known, said) if as_json else ():
                    print(json.dumps(row), flush=True)
                over = sum(one.status in ("done", "failed") for one in now)
                share = over + sum(one.share for one in now if one.status == "running")
                progress.update(bar, completed=share, description=_doing(now, left(dataset, now, home())))
                if not any(one.live for one in now):
                    return False
                time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        stop(dataset, chosen, home())
        print("Stopped. What was scored is kept; the same command goes on from there.", file=sys.stderr)
        return True


def _doing(now: Sequence[Standing], seconds: float | None) -> str:
    if not any(one.live for one in now):
        return "scored"
    running = [f"{one.record.name}: {one.words or 'starting'}" for one in now if one.status == "running"]
    words = running[0] if running else "waiting for its turn"
    return words if seconds is None else f"{words}, about {seconds:.0f} s to go"


def _news(now: Iterable[Standing], known: set[str], said: set[str]) -> Iterator[dict[str, Any]]:
    """Rows that are settled and were not printed yet."""
    for one in now:
        if one.record.name not in said and not one.live and one.status != "new":
            said.add(one.record.name)
            yield _row(one) | ({"kept": one.record.name in known} if one.score else {})


def _row(one: Standing) -> dict[str, Any]:
    """What is known of one, as plain values."""
    if one.score is None:
        return {"backbone": one.record.name, "status": one.status, "reason": one.words}
    score = one.score.to_dict()
    del score["backbone"]
    ms = None if one.score.latency is None else 1000 * one.score.latency
    del score["latency"]
    return {"backbone": one.record.name, "status": one.status, "latency_ms": ms, **score, "stored": one.score.stored}


def _print(dataset: Dataset, chosen: Sequence[Backbone], seconds: float, as_json: bool) -> None:
    """The result: a line of JSON, or a table and what it amounts to."""
    from tlcore.runs.ranking import alike, best_first

    now = _standings(dataset, chosen)
    by_name = {one.record.name: one for one in now if one.score}
    ranked = best_first(one.score for one in now if one.score)
    first = [score.backbone for score in alike(ranked)] if ranked else []
    if as_json:
        result = {
            "dataset": dataset.id,
            "ranking": [_row(by_name[score.backbone]) for score in ranked],
            "others": [_row(one) for one in now if one.score is None],
            "best": ranked[0].backbone if ranked else None,
            "not_told_apart": first,
            "seconds": round(seconds, 2),
        }
        print(json.dumps(result))
        return
    print_rows([_cells(_row(by_name[score.backbone])) for score in ranked], False)
    for one in now:
        if one.score is None:
            print(f"! {one.record.name}: {one.words or one.status}")
    if ranked:
        print(f"Scored on {ranked[0].n_val:,} val samples; test was not touched. In brackets is the 95 % interval.")
    if len(first) > 1:
        print(f"On {ranked[0].n_val:,} val samples these cannot be told apart: {', '.join(first)}.")


def _cells(row: dict[str, Any]) -> dict[str, Any]:
    """What fits a terminal."""
    return {
        "backbone": row["backbone"],
        "probe": f"{row['linear']:.3f} ({row['low']:.3f} to {row['high']:.3f})",
        "k-NN": row["knn"],
        "LogME": row["log_me"],
        "H-score": row["h_score"],
        "ms": row["latency_ms"],
        "params": f"{row['n_params'] / 1e6:.1f} M",
        "GFLOPs": row["gflops"],
        "seconds": row["seconds"],
    }
