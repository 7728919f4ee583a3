"""A trained model's answers to new inputs, from the command line."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tlcore.commands.application import AsJson, app
from tlcore.commands.given import given_samples
from tlcore.commands.table import print_rows
from tlcore.data.spreadsheet import safe_cell
from tlcore.data.unlabelled import Offered
from tlcore.errors import RecipeError
from tlcore.home import home

if TYPE_CHECKING:
    from tlcore.data import Modality
    from tlcore.runs.predicting import Answer, Predictor

__all__ = ["predict"]

BATCH = 32
NEIGHBOUR = ("class", "similarity", "origin")
SUREST = 0.9999
"""What the table says of a confidence from there on: none is certain, as 1 would say."""
SHOWN = 60
"""Characters of a text in the table."""


@app.command()
def predict(
    run: str,
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE_OR_TEXT...",
            help="Images, texts, tables, folders or archives; for a model of texts, a folder is written with a slash "
            "(./mail/), and any other word is a text. - reads standard input: a text a line, or one image.",
        ),
    ],
    top: Annotated[int, typer.Option(min=1, help="Likeliest classes to tell.")] = 3,
    nearest: Annotated[int, typer.Option(min=0, max=100, help="Nearest training samples to tell; 0 for none.")] = 0,
    column: Annotated[str, typer.Option(help="The column of a table that has the texts; guessed without.")] = "",
    csv_file: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the answers there too.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, mps or auto; the recipe's without.")] = "",
    as_json: AsJson = False,
) -> None:
    """Ask a run's model about new images or texts; says where an input is unlike what it was trained on.

    What cannot be read is named on stderr and passed over, and the exit status is then 2.
    """
    from tlcore.runs import Studio

    found = Studio(home()).run(run)
    modality: Modality = "image" if found.modality == "image" else "text"
    with TemporaryDirectory(prefix="tlstudio-predict-") as spool:
        from tlcore.runs.predicting import Predictor

        model = Predictor(home(), found, device=device)
        near = model.near(_say)
        if model.unknown:
            print(f"Nothing is said of likeness to the training data: {model.unknown}", file=sys.stderr)
        rows, refused = [], 0
        told: set[str] = set()
        for one, answer in _answers(model, given_samples(inputs, modality, Path(spool), column), top, nearest):
            _tell_column(one, column, told)
            if answer is None:
                refused += 1
                print(one.refusal, file=sys.stderr)
                continue
            row = _row(model, one, answer)
            rows.append(_flat(row, one))
            if as_json:
                print(json.dumps(row), flush=True)
    if csv_file:
        _write(csv_file, rows, top, nearest)
    summary = {
        "run": run,
        "n": len(rows),
        "refused": refused,
        "unlike": sum(row["unlike"] is True for row in rows),
        "classes": list(model.classes),
        "temperature": model.temperature,
        "features": model.space,
        "k": near.k if near else None,
        "percentile": near.percentile if near else None,
        "threshold": near.threshold if near else None,
        "milliseconds": model.milliseconds(model.blank()),
    }
    if as_json:
        print(json.dumps(summary))
    elif rows:
        print_rows([_shown(row) for row in rows], False)
    if refused:
        raise SystemExit(2)


def _tell_column(one: Offered, asked: str, told: set[str]) -> None:
    """Once a table, where its column was guessed."""
    table = one.name.rpartition(":")[0]
    if one.column and not asked and table not in told:
        told.add(table)
        print(f"{table}: the texts are those of its column {one.column!r}; --column takes another.", file=sys.stderr)


def _answers(
    model: Predictor, found: Iterator[Offered], top: int, nearest: int
) -> Iterator[tuple[Offered, Answer | None]]:
    """In the order of the inputs, some at a time, so that any number takes no more memory."""
    some: list[Offered] = []
    done = 0
    for one in found:
        some.append(one)
        if len(some) == BATCH:
            yield from _some(model, some, top, nearest)
            done, some = done + len(some), []
            _say(0.0, f"{done:,} answered")
    yield from _some(model, some, top, nearest)


def _some(model: Predictor, some: list[Offered], top: int, nearest: int) -> Iterator[tuple[Offered, Answer | None]]:
    good = [one.sample for one in some if one.sample is not None]
    answers = iter(model.answer(good, top=top, nearest=nearest))
    yield from ((one, None if one.sample is None else next(answers)) for one in some)


def _row(model: Predictor, one: Offered, answer: Answer) -> dict[str, Any]:
    origins = model.dataset.manifest()["origin"] if answer.neighbours else None
    labels = model.dataset.labels() if answer.neighbours else None
    plain = answer.to_dict()
    plain["top"] = [{"class": name, "probability": share} for name, share in answer.top]
    plain["neighbours"] = [
        {
            "row": near.row,
            "class": model.classes[labels[near.row]],
            "similarity": near.similarity,
            "origin": str(origins.iloc[near.row]),
        }
        for near in answer.neighbours
        if labels is not None and origins is not None
    ]
    return {"input": one.name, **plain}


_KEPT = ("answer", "confidence", "unlike", "cut", "top", "neighbours")


def _flat(row: dict[str, Any], one: Offered) -> dict[str, Any]:
    text = {"text": one.sample} if isinstance(one.sample, str) else {}
    return {"input": row["input"], **text, **{key: row[key] for key in _KEPT}}


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    others = ", ".join(f"{one['class']} {_small(one['probability'])}" for one in row["top"][1:])
    near = ", ".join(f"{one['class']} {one['similarity']:.2f} ({one['origin']})" for one in row["neighbours"])
    name = " ".join(str(row.get("text") or row["input"]).split())
    name = name if len(name) <= SHOWN else f"{name[: SHOWN - 1]}…"
    likeness = "unlike training data" if row["unlike"] else ""
    unsaid = "-" if row["unlike"] is None else ""
    notes = "; ".join(note for note in (likeness, row["cut"]) if note) or unsaid
    return {
        "input": name,
        "answer": row["answer"],
        "confidence": min(SUREST, row["confidence"]),
        "next": others,
        "note": notes,
        **({"nearest": near} if near else {}),
    }


def _small(share: float) -> str:
    return "<0.001" if share < 0.0005 else f"{share:.3f}"


def _write(path: Path, rows: Sequence[dict[str, Any]], top: int, nearest: int) -> None:
    """Cells that a spreadsheet would run get an apostrophe before."""
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            table = csv.writer(file)
            n_top = len(rows[0]["top"]) if rows else top  # there may be fewer classes
            ranks = [f"{what}_{place}" for place in range(1, n_top + 1) for what in ("class", "probability")]
            near = [f"neighbour_{what}_{place}" for place in range(1, nearest + 1) for what in NEIGHBOUR]
            table.writerow(["input", "text", "answer", "confidence", "unlike", "cut", *ranks, *near])
            for row in rows:
                each = [cell for one in row["top"] for cell in (one["class"], one["probability"])]
                each += [one[what] for one in row["neighbours"] for what in NEIGHBOUR]
                cells = [row["input"], row.get("text", ""), *(row[key] for key in _KEPT[:4]), *each]
                table.writerow([safe_cell(cell) for cell in cells])
    except OSError as error:
        raise RecipeError(f"{path} cannot be written ({error.strerror or os.strerror(5)}); choose another.") from error


def _say(share: float, words: str) -> None:
    """One line that is written over, where somebody watches."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{words}", end="", file=sys.stderr, flush=True)
