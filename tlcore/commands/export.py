"""Taking a model home, and serving it, from the command line."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from tlcore.commands.application import AsJson, app
from tlcore.commands.table import print_rows
from tlcore.errors import ExportError
from tlcore.export import Tell, known, offered
from tlcore.home import home
from tlcore.runs import Run, Studio

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
Update = Annotated[bool, typer.Option("--update", help="With --push: into a repository that is there already.")]
Public = Annotated[bool, typer.Option("--public", help="With --push: a repository that everybody sees.")]


@app.command()
def export(
    run: str,
    formats: Formats = ["native"],  # noqa: B006 - typer reads it
    out: Out = Path("take-home"),
    push: Push = "",
    public: Public = False,
    update: Update = False,
    as_json: AsJson = False,
) -> None:
    """Write a run's model in the forms in which it is taken home, each checked against the run."""
    found = Studio(home()).run(run)
    if push:
        _push(run, push, public, update, as_json)
        return
    from tlcore.runs.takeaway import taken

    every = [form.name for form in offered(found.modality, found.strategy, hidden=True)]
    wanted = every if "all" in formats else [known(name, found.modality, found.strategy).name for name in formats]
    names, why = tuple(dict.fromkeys(wanted)), dict[str, str]()
    _foretell(found, names)
    with _progress("exporting") as tell:
        refused = (lambda name, error: why.update({name: str(error)})) if "all" in formats else None
        made = taken(home(), run, names, out, tell, refused)
    if as_json:
        plain = [one.to_dict() | {"bytes": one.n_bytes} for one in made]
        print(json.dumps({"run": run, "out": str(out), "formats": plain, "refused": why}))
    else:
        print_rows(
            [
                {"format": one.format, "files": len(one.files), "bytes": one.n_bytes, "checked": one.words}
                for one in made
            ],
            False,
        )
    for name, said in [*((one.format, one.caution) for one in made if one.caution), *why.items()]:
        print(f"{name}: {said}", file=sys.stderr)
    print(f"Written to {out}.", file=sys.stderr)
    if why:
        raise typer.Exit(1)


def _foretell(run: Run, names: tuple[str, ...]) -> None:
    """Before it starts: how long, how large."""
    from tlcore.runs.forecast import forecast
    from tlcore.runs.takeaway import kept

    ahead = forecast(home(), run, names, kept(home(), run))
    how = "as measured here before" if ahead.measured else "roughly; not all of it was measured here yet"
    print(f"About {ahead.n_bytes / 1e6:,.1f} MB and {ahead.seconds:,.0f} s, {how}.", file=sys.stderr)


@contextmanager
def _progress(what: str) -> Iterator[Tell]:
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share, words: bar.update(task, completed=share, description=words)


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
    with _listening(host, port) as listening:
        print(f"Run {run} answers on http://{host}:{port}. Ctrl-C ends it.", file=sys.stderr)
        uvicorn.Server(uvicorn.Config(service, log_level="warning")).run(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    """Before the model is said to answer.

    Raises:
        ExportError: the port is taken, or the address is not this machine's.
    """
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        number = error.errno or 0
        why = os.strerror(number) if number > 0 else error.strerror
        raise ExportError(f"{host}:{port} cannot be listened on ({why}): choose another --port, or --host.") from error


def _push(run: str, repository: str, public: bool, update: bool, as_json: bool) -> None:
    from tlcore.export.hub import push
    from tlcore.runs.takeaway import pushed

    token = os.environ.get("HF_TOKEN", "")
    if not token:
        raise ExportError("The hub wants a token with the right to write: set HF_TOKEN.")
    with _progress("preparing") as tell:
        where = pushed(
            home(),
            run,
            lambda files: push(
                files, repository, token=token, private=not public, update=update, message=f"Run {run}", tell=tell
            ),
            tell,
        )
    print(json.dumps({"run": run, "repository": where}) if as_json else f"Uploaded to {where}.")
