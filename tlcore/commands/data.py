"""What people bring, checked."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tlcore.commands.application import AsJson, app
from tlcore.commands.checks import Backbone, Checks, print_checks
from tlcore.commands.keeping import delete_dataset, print_datasets, rename_dataset
from tlcore.commands.table import print_rows
from tlcore.errors import DataError
from tlcore.home import home

if TYPE_CHECKING:
    from tlcore.data import Columns, Dataset

__all__ = ["data"]

Export = Annotated[Path | None, typer.Option(help="Write it with its splits as a zip to this file.")]
Paths = Annotated[
    list[str] | None,
    typer.Argument(
        help="Folders, zips, tars, images, a table, `sample:NAME`, `public:NAME`, `hf:OWNER/NAME`, or an id."
    ),
]
Text = Annotated[str, typer.Option("--text", "--file", help="The table's column of texts, or of images' file names.")]
Label = Annotated[str, typer.Option(help="The table's column of labels.")]
Split = Annotated[str, typer.Option(help="The table's column that says train, val or test.")]
Group = Annotated[str, typer.Option(help="The table's column of what must stay in one split, patients for example.")]
Into = Annotated[str, typer.Option(help="The id of a dataset that becomes a new version with these added.")]

Listed = Annotated[bool, typer.Option("--list", help="The datasets that are stored.")]
Rename = Annotated[str, typer.Option(help="What the dataset of this id is called from now on.")]
Delete = Annotated[bool, typer.Option("--delete", help="Remove the dataset of this id, and its files.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before deleting.")]


@app.command()
def data(
    paths: Paths = None, text: Text = "", label: Label = "", split: Split = "", group: Group = "", into: Into = "",
    export: Export = None, as_json: AsJson = False, checks: Checks = False, backbone: Backbone = "minilm",
    listed: Listed = False, rename: Rename = "", delete: Delete = False, yes: Yes = False,
) -> None:  # fmt: skip
    """Check what people bring: its classes, its splits, and what is wrong with it. Or list, rename, delete."""
    from tlcore.data import export as write

    if listed:
        print_datasets(as_json)
        return
    if not paths:
        raise DataError("Say what to check: a path, sample:digits, public:cifar10, or --list for what is stored.")
    if rename:
        rename_dataset(paths, rename, as_json)
        return
    if delete:
        delete_dataset(paths, yes, as_json)
        return
    dataset = _brought(paths, _columns(text, label, split, group), into)
    if export is not None:
        write(dataset, export)
        print(f"Written to {export}.", file=sys.stderr)
    if checks:
        print_checks(dataset, home(), backbone, as_json)
        return
    counts = [
        {"class": str(name), **{str(split): int(n) for split, n in row.items()}}
        for name, row in dataset.counts().iterrows()
    ]
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


def _brought(paths: list[str], columns: Columns | None, into: str) -> Dataset:
    """One source by its name, several files as one, or either added to a dataset."""
    from tlcore.data import ingest, load_dataset, resolve
    from tlcore.data.growth import grow

    files = [Path(path).expanduser() for path in paths]
    if into:
        return grow(load_dataset(home(), into), files, columns=columns)
    return resolve(paths[0], home(), columns=columns) if len(paths) == 1 else ingest(files, home(), columns=columns)


def _columns(text: str, label: str, split: str, group: str) -> Columns | None:
    from tlcore.data import Columns

    if not (text or label or split or group):
        return None
    if not (text and label):
        raise DataError("Name both columns, --text (or --file) and --label, or neither to have them guessed.")
    return Columns(text=text, label=label, split=split, group=group)
