"""Backbones and their weights."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from tlcore.commands.application import AsJson, app
from tlcore.commands.table import print_rows
from tlcore.errors import RecipeError
from tlcore.home import home

__all__ = ["models", "weights"]


@app.command()
def models(
    add: Annotated[str, typer.Option(help="Name of a timm architecture, or owner/name at Hugging Face.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the pretrained backbones and whether their weights are here; `--add` takes in another one first."""
    from tlcore.zoo import backbones, resolve, weights_state

    place = home()
    added = resolve(add, place) if add else None
    records = [added] if added else backbones(home=place)
    rows = [
        {
            "backbone": record.name,
            "title": record.title,
            "modality": record.modality,
            "source": record.source,
            "n_params": record.n_params,
            "n_features": record.n_features,
            "gflops": record.gflops,
            "imagenet_top1": record.metrics.get("imagenet_top1"),
            "input_size": record.input_size,
            "max_tokens": record.max_tokens,
            "file_size": record.file_size,
            "licence": record.licence,
            "recipe": record.recipe,
            "weights": weights_state(record, place).kind,
        }
        for record in records
    ]
    wide = ("backbone", "modality", "n_params", "gflops", "imagenet_top1", "licence", "weights")
    print_rows(rows if as_json else [{name: row[name] for name in wide} for row in rows], as_json)


@app.command()
def weights(
    name: Annotated[str, typer.Argument(help="A backbone that `models` lists.")],
    download: Annotated[bool, typer.Option("--download", help="Fetch them into the library's own cache.")] = False,
    upload: Annotated[
        Path | None, typer.Option(help="A state dict (.pt, .pth) or .safetensors to use instead.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Forget what was uploaded.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say where a backbone's weights are; download them, or bring your own, checked key by key."""
    from tlcore.zoo import backbone, learn, weights_state

    place = home()
    learn(place)
    record = backbone(name)
    if sum((download, upload is not None, remove)) > 1:
        raise RecipeError("--download, --upload and --remove exclude each other.")
    if download:
        _download(record)
    report = _uploaded(record, upload, place, as_json) if upload else {}
    if remove:
        from tlcore.zoo.uploads import remove as forget

        forget(record, place)
    state = weights_state(record, place)
    row = {"backbone": record.name, "weights": state.kind, "ready": state.ready, "detail": state.detail, **report}
    if as_json:
        print(json.dumps(row))
    else:
        print(f"{record.name}: {state.kind}. {state.detail}")


def _download(record: Any) -> None:
    """With a bar on stderr."""
    from rich.progress import DownloadColumn, TransferSpeedColumn

    from tlcore.zoo.download import download

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(record.title, total=record.file_size or None)
        download(record, lambda done, total: progress.update(bar, completed=done, total=total or None))


def _uploaded(record: Any, path: Path, place: Path, as_json: bool) -> dict[str, Any]:
    """Upload; the report as plain values, and what was left out in words where no JSON is asked for."""
    from tlcore.zoo.uploads import upload

    report = upload(record, path, place)
    if not as_json:
        print(report.sentence())
    return {"report": asdict(report)}
