"""Taking a model home, and serving it, from the command line."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from tlcore.commands.application import AsJson, app
from tlcore.commands.table import print_rows
from tlcore.errors import ExportError
from tlcore.export import known, offered
from tlcore.home import home
from tlcore.runs import Studio

__all__ = ["export", "serve"]

Formats = Annotated[
    list[str],
    typer.Option(
        "--format",
        help="native, safetensors, adapter, merged, huggingface, onnx, int8, torch, torchscript, script, card, "
        "service, or all; may be given several times.",
    ),
]
Out = Annotated[Path, typer.Option("--out", help="The folder it is written into.")]
Push = Annotated[str, typer.Option(help="OWNER/NAME at the Hugging Face hub, with the token in HF_TOKEN.")]
Public = Annotated[bool, typer.Option("--public", help="With --push: a repository that everybody sees.")]


@app.command()
def export(
    run: str,
    formats: Formats = ["native"],  # noqa: B006 - typer reads it
    out: Out = Path("take-home"),
    push: Push = "",
    public: Public = False,
    as_json: AsJson = False,
) -> None:
    """Write a run's model in the forms in which it is taken home, each checked against the run."""
    found = Studio(home()).run(run)
    if push:
        _push(run, push, public, as_json)
        return
    from tlcore.runs.takeaway import taken

    every = [form.name for form in offered(found.modality, found.strategy)]
    wanted = every if "all" in formats else [known(name, found.modality, found.strategy).name for name in formats]
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("exporting", total=1.0)
        made = taken(
            home(),
            run,
            tuple(dict.fromkeys(wanted)),
            out,
            lambda share, words: bar.update(task, completed=share, description=words),
        )
    rows = [{"format": one.format, "files": len(one.files), "bytes": one.n_bytes, "checked": one.words} for one in made]
    if as_json:
        plain = [one.to_dict() | {"bytes": one.n_bytes} for one in made]
        print(json.dumps({"run": run, "out": str(out), "formats": plain}))
        return
    print_rows(rows, False)
    print(f"Written to {out}.", file=sys.stderr)


@app.command()
def serve(
    run: str,
    host: Annotated[str, typer.Option(help="Where to listen; there is no login.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
) -> None:
    """Answer questions with a run's model over HTTP: /health, /predict, /batch."""
    import uvicorn

    from tlcore.export.standalone.serve import application
    from tlcore.runs.serving import served

    Studio(home()).run(run)
    service = application(served(home(), run))
    print(f"Run {run} answers on http://{host}:{port}. Ctrl-C ends it.", file=sys.stderr)
    uvicorn.run(service, host=host, port=port, log_level="warning")


def _push(run: str, repository: str, public: bool, as_json: bool) -> None:
    from tlcore.export.hub import push
    from tlcore.runs.takeaway import pushed

    token = os.environ.get("HF_TOKEN", "")
    if not token:
        raise ExportError("The hub wants a token with the right to write: set HF_TOKEN.")
    where = pushed(
        home(),
        run,
        lambda files: push(files, repository, token=token, private=not public, message=f"Run {run}"),
    )
    print(json.dumps({"run": run, "repository": where}) if as_json else f"Uploaded to {where}.")
