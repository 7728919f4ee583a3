"""What people bring, checked."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tlcore.commands.application import AsJson, app
from tlcore.commands.checks import Backbone, Checks, print_checks
from tlcore.commands.table import print_rows
from tlcore.home import home

__all__ = ["data"]

Export = Annotated[Path | None, typer.Option(help="Write it with its splits as a zip to this file.")]


@app.command()
def data(
    path: str, export: Export = None, as_json: AsJson = False, checks: Checks = False, backbone: Backbone = "minilm"
) -> None:
    """Check a folder, zip, csv or `sample:NAME`: its classes, its splits, and what is wrong with it."""
    from tlcore.data import export as write
    from tlcore.data import resolve

    dataset = resolve(path, home())
    if checks:
        print_checks(dataset, home(), backbone, as_json)
        return
    counts = [
        {"class": str(name), **{str(split): int(n) for split, n in row.items()}}
        for name, row in dataset.counts().iterrows()
    ]
    if export is not None:
        write(dataset, export)
    if as_json:
        result = {
            "dataset": dataset.id,
            "name": dataset.name,
            "modality": dataset.modality,
            "n_samples": dataset.n_samples,
            "classes": {row.pop("class"): row for row in counts},
            "problems": [asdict(problem) for problem in dataset.problems],
            "export": str(export) if export else None,
        }
        print(json.dumps(result))
        return
    print_rows(counts, False)
    for problem in dataset.problems:
        print(f"! {problem}")
    print(f"Dataset {dataset.id}: {dataset.n_samples:,} {dataset.modality}s in {len(dataset.classes)} classes.")
    if export is not None:
        print(f"Written to {export}.")
