"""What a run's scores are on a split, or on another dataset, from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tlcore.commands.application import AsJson, app
from tlcore.commands.table import print_rows
from tlcore.errors import RunError
from tlcore.home import home

if TYPE_CHECKING:
    from tlcore.data import Dataset
    from tlcore.evaluation.matching import Match, Part
    from tlcore.evaluation.metrics import Figure
    from tlcore.evaluation.predictions import Predictions
    from tlcore.runs import Run

__all__ = ["evaluate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scored:
    """What figures are made of."""

    run: Run
    data: Dataset
    """Whose samples were answered."""
    names: tuple[str, ...]
    """What the model can answer."""
    found: Predictions
    match: Match | None
    """Where the dataset is not the run's own."""


@app.command()
def evaluate(
    run: str,
    source: Annotated[
        str,
        typer.Option(
            "--data", help="Another dataset: folder, zip, csv, `sample:NAME` or an id; the run's own without."
        ),
    ] = "",
    split: Annotated[
        str, typer.Option(help="test, val or, of another dataset, all. Without: test of the run's own, all of another.")
    ] = "",
    learned: Annotated[
        bool, typer.Option("--learned", help="Count samples that are in the run's train or val split too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Score a run on its test split or on another dataset, with intervals; classes are matched by name.

    With --json each class is a line, and the last line has the figures, what was left out and why.
    """
    from tlcore.runs import Studio

    studio = Studio(home())
    given = _scored(studio.run(run), source, split, learned)
    _print(given, _result(given, learned), as_json)


def _scored(run: Run, source: str, split: str, learned: bool) -> _Scored:
    from tlcore.data import load_dataset, resolve

    own = load_dataset(home(), run.dataset)
    other = resolve(source, home()) if source else own
    if not run.best_epoch:
        raise RunError(f"Run {run.id} kept no model: {run.reason or 'it has not finished an epoch.'}")
    if other.id == own.id:
        found = _own(run, split or "test")
        return _Scored(run=run, data=own, names=own.classes, found=found, match=None)
    return _elsewhere(run, own, other, split or "all", learned)


def _own(run: Run, split: str) -> Predictions:
    from tlcore.runs.answers import answers_of

    if split not in ("test", "val"):
        raise RunError(
            f"Of its own data a run is scored on test or val, not on {split!r}: the rest is what it was fitted on."
        )
    found = answers_of(home(), run, split)
    if found is None:
        from tlcore.runs.scored import predictions

        with _progress() as tell:
            predictions(home(), {"run": run.id, "split": split}, tell)
        found = answers_of(home(), run, split)
    if found is None or not len(found.labels):
        raise RunError(f"The {split} split of run {run.id} has no samples; choose another.")
    return found


def _elsewhere(run: Run, own: Dataset, other: Dataset, split: str, learned: bool) -> _Scored:
    from tlcore.evaluation.matching import PARTS, match
    from tlcore.runs.elsewhere import answers_elsewhere, question

    part: Part | None = next((one for one in PARTS if one == split), None)
    if part is None:
        raise RunError(f"Of another dataset all, test or val is scored, not {split!r}.")
    matched = match(own, other, part)
    found = answers_elsewhere(home(), run, other.id, matched)
    if found is None:
        from tlcore.runs.scored import elsewhere

        with _progress() as tell:
            elsewhere(home(), question(run, other.id, part), tell)
        found = answers_elsewhere(home(), run, other.id, matched)
    if found is None:
        raise RunError(f"The answers of run {run.id} on {other.name} cannot be read back; is the disk full?")
    judged = matched.judged(found, learned=learned)
    if not len(judged.labels):
        raise RunError(
            f"Every sample of {other.name} is in the run's own train or val split, so nothing is left to judge it by; "
            "--learned counts them."
        )
    return _Scored(run=run, data=other, names=own.classes, found=judged, match=matched)


def _result(given: _Scored, learned: bool) -> dict[str, Any]:
    from tlcore.evaluation.calibration import calibration
    from tlcore.evaluation.metrics import headlines
    from tlcore.runs.temperature import temperature_of

    found, temperature = given.found, temperature_of(home(), given.run)
    sure = calibration(found.logits, found.labels, temperature)
    return {
        "run": given.run.id,
        "epoch": found.epoch,
        "dataset": given.data.id,
        "name": given.data.name,
        "split": found.split,
        "n": len(found.labels),
        "figures": {_key(one): _figure(one) for one in headlines(found, absent=given.match is None)},
        "temperature": temperature,
        "ece": sure.ece,
        "nll": sure.nll,
        "brier": sure.brier,
        **(_matched(given, given.match, learned) if given.match else {}),
    }


def _matched(given: _Scored, match: Match, learned: bool) -> dict[str, Any]:
    from tlcore.data import SPLITS

    n = int(match.learned.sum())
    return {
        "own_test": _own_test(given),
        "classes_shared": list(match.shared),
        "classes_unknown": dict(match.unknown),
        "classes_absent": list(match.absent),
        "shared_samples": {split: match.count(split) for split in SPLITS},
        "learned_counted": learned,
        "left_out": {"unknown": match.n_unknown, "learned": 0 if learned else n},
        "notes": [*filter(None, [match.warning(counts=learned), *match.sentences()])],
    }


def _own_test(given: _Scored) -> dict[str, Any] | None:
    """The same classes on the run's own test split; None where its answers are not kept or it has none of them."""
    from tlcore.evaluation.metrics import changes, of_classes
    from tlcore.runs.answers import answers_of

    own = answers_of(home(), given.run, "test")
    alike = None if own is None else of_classes(own, sorted(set(given.found.labels.tolist())))
    if alike is None or not len(alike.labels):
        return None
    shared = given.match.count("test") if given.match else 0
    drops = changes(given.found, alike, absent=False, shared=shared)
    return {
        "n": len(alike.labels),
        "figures": {_key(one.own): _figure(one.own) for one in drops},
        "n_classes": len(set(given.found.labels.tolist())),
        "n_shared": shared,
        "changes": {
            _key(one.own): {"value": one.value, **(asdict(one.difference) if one.difference else {})} for one in drops
        },
    }


def _key(one: Figure) -> str:
    return one.name.lower().replace(" ", "_").replace("-", "_")


def _figure(one: Figure) -> dict[str, Any]:
    return {"value": one.value, **asdict(one.interval)}


def _print(given: _Scored, result: Mapping[str, Any], as_json: bool) -> None:
    from tlcore.evaluation.metrics import class_scores

    there = set(given.found.labels.tolist())
    rows = [
        {"class": name, **asdict(score)}
        for place, (name, score) in enumerate(zip(given.names, class_scores(given.found), strict=True))
        if given.match is None or place in there or score.answered
    ]
    print_rows(rows, as_json)
    if as_json:
        print(json.dumps(result))
        return
    own = result.get("own_test")
    print_rows([_row(key, result, own) for key in result["figures"]], False)
    of = f"{result['name']} ({result['dataset']})"
    print(
        f"{result['n']:,} samples, {result['split']} of {of}; epoch {result['epoch']} of run {result['run']}. In "
        "brackets: 95 % intervals by bootstrap."
    )
    if own is not None:
        print(_beside(own, len(given.names), result["n"]))
    for note in result.get("notes", ()):
        print(f"! {note}")


def _row(key: str, result: Mapping[str, Any], own: Mapping[str, Any] | None) -> dict[str, Any]:
    row = {"figure": key.replace("_", " "), "here": _between(result["figures"][key])}
    if own is not None:
        row |= {"own test": _between(own["figures"][key]), "change": _between(own["changes"][key], "+")}
    return row


def _beside(own: Mapping[str, Any], n_classes: int, n: int) -> str:
    """What `own test` is made of, and what a change says."""
    alike = "all" if own["n_classes"] == n_classes else f"the same {own['n_classes']:,} of {n_classes:,}"
    chance = (
        f"{own['n_shared']:,} of the {n:,} samples here are in it too, so whether a change is more than chance is not "
        "said"
        if own["n_shared"]
        else "a change whose interval lies on one side of zero is more than chance"
    )
    return f"Own test: the run's own test split, {alike} classes, {own['n']:,} samples; {chance}."


def _between(figure: Mapping[str, Any], sign: str = "") -> str:
    value, *ends = (format(figure[key], f"{sign}.3f") for key in ("value", "low", "high") if key in figure)
    return f"{value} ({' to '.join(ends)})" if ends else value


@contextmanager
def _progress() -> Iterator[Callable[[float, str], None]]:
    """A bar on stderr; what is yielded moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        bar = progress.add_task("starting", total=1.0)
        yield lambda share, words: progress.update(bar, completed=share, description=words)
        progress.update(bar, completed=1.0, description="scored")
