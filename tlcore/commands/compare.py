"""Trained models side by side, and a file of it for the team."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tlcore.commands.application import AsJson, app
from tlcore.commands.table import print_rows
from tlcore.errors import RunError
from tlcore.home import home

if TYPE_CHECKING:
    from tlcore.runs import Run, Studio
    from tlcore.runs.comparison import Comparison

__all__ = ["compare", "report"]

Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write a report there: one page that needs no network.")
]


@app.command()
def compare(
    names: Annotated[list[str], typer.Argument(metavar="RUN...", help="Ids of two or more runs of one dataset.")],
    html: Html = None,
    as_json: AsJson = False,
) -> None:
    """Lay runs of one dataset side by side: recipes that differ, scores with intervals, McNemar's test of each pair."""
    from tlcore.runs import Studio
    from tlcore.runs.comparison import compare as compared
    from tlcore.runs.comparison import differences, refuse_unlike

    studio = Studio(home())
    runs = [studio.run(name) for name in dict.fromkeys(names)]
    if len(runs) < 2:
        raise RunError("Name at least two runs: python -m tlcore compare RUN RUN.")
    refuse_unlike(home(), runs)
    _score_missing(studio, runs)
    found, recipes = compared(home(), runs), differences([run.recipe for run in runs])
    file = _written([run.id for run in runs], html) if html else {}
    if as_json:
        scores = found.to_dict() if found else {}
        print(json.dumps({"runs": [run.id for run in runs], "recipes": recipes, **scores, **file}))
        return
    print_rows([{"recipe": name, **_cells(runs, values)} for name, values in recipes.items()], False)
    if found:
        _print(runs, found)


@app.command()
def report(
    name: Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")],
    html: Annotated[Path, typer.Option("--html", metavar="FILE", help="Where it is written.")],
    as_json: AsJson = False,
) -> None:
    """Write a run's report for the team: one HTML page with its charts inside, which needs no network."""
    from tlcore.runs import Studio

    studio = Studio(home())
    _score_missing(studio, [studio.run(name)])
    file = _written([name], html)
    if as_json:
        print(json.dumps({"run": name, **file}))


def _written(names: list[str], path: Path) -> dict[str, object]:
    from tlcore.commands.runs import shell_user
    from tlcore.reporting import written

    n_bytes = written(home(), names, path, author=shell_user())
    print(f"Wrote {path} ({n_bytes / 2**20:.1f} MiB).", file=sys.stderr)
    return {"html": str(path), "bytes": n_bytes}


def _cells(runs: list[Run], values: tuple[object, ...]) -> dict[str, object]:
    return {run.id: value for run, value in zip(runs, values, strict=True)}


def _score_missing(studio: Studio, runs: list[Run]) -> None:
    """Runs from before answers were kept are scored on test again, with the same weights."""
    from tlcore.runs.answers import answers_of

    for run in runs:
        if run.test_accuracy is not None and answers_of(studio.home, run) is None:
            from tlcore.runs.scored import predictions

            predictions(studio.home, {"run": run.id, "split": "test"}, lambda share, words: None)


def _print(runs: list[Run], found: Comparison) -> None:
    from tlcore.runs.comparison import words

    names = {run.id: run.name for run in runs}
    rows = []
    for score in found.scores:
        accuracy, f1 = score.accuracy_interval, score.macro_f1_interval
        rows.append(
            {
                "run": score.run,
                "name": names[score.run],
                "accuracy": f"{score.accuracy:.3f} ({accuracy.low:.3f} to {accuracy.high:.3f})",
                "macro-F1": f"{score.macro_f1:.3f} ({f1.low:.3f} to {f1.high:.3f})",
            }
        )
    print_rows(rows, False)
    by_run = {score.run: score.accuracy for score in found.scores}
    for pair in found.pairs:
        print(f"A {pair.a}, B {pair.b}: {words(pair, (by_run[pair.a], by_run[pair.b]))}.")
    if len(found.pairs) > 1:
        print(f"p-values are adjusted for {len(found.pairs)} pairs by Holm's method.")
    missing = [run.id for run in runs if run.id not in found.runs]
    if missing:
        print(f"Without a score on test, and left out of it: {', '.join(missing)}.")
