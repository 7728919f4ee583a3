"""What the server hands out beside the pages: files that are too large to pass through a session's memory.

A page's rules about who may come in do not reach these routes, so an address carries a sign that only a page can give.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from tlcore.data import load_dataset
from tlcore.data.names import file_name
from tlcore.errors import DataError, RunError
from tlcore.home import home
from tlcore.runs.store import open_store
from tlcore.runs.takeaway import file_of

__all__ = ["address", "routes", "takeaway_address"]

KEY_BYTES = 32


def address(dataset_id: str) -> str:
    """Where this dataset's zip is handed out, below the server's own address."""
    return f"/download/dataset/{dataset_id}?sign={_sign(dataset_id)}"


def takeaway_address(run_id: str, name: str) -> str:
    """Where a file that was made of this run's model is handed out."""
    return f"/download/takeaway/{run_id}/{quote(name)}?sign={_sign(f'{run_id}/{name}')}"


def routes() -> list[Route]:
    """For the server's application."""
    return [
        Route("/download/dataset/{dataset}", _exported, methods=["GET"]),
        Route("/download/takeaway/{run}/{name:path}", _taken, methods=["GET"]),
    ]


def _exported(request: Request) -> Response:
    """A dataset's zip, in pieces from the disk; under the dataset's name."""
    asked = str(request.path_params["dataset"])
    if not hmac.compare_digest(request.query_params.get("sign", "").encode(), _sign(asked).encode()):
        return PlainTextResponse("This address is not whole; follow the link on the Data page.", status_code=403)
    try:
        dataset = load_dataset(home(), asked)
    except DataError as error:
        return PlainTextResponse(str(error), status_code=404)
    path = home() / "exports" / f"{dataset.id}.zip"
    if not path.is_file():
        return PlainTextResponse("This dataset was not exported; make its zip on the Data page.", status_code=404)
    return FileResponse(path, media_type="application/zip", filename=file_name(f"{dataset.name}.zip"))


def _taken(request: Request) -> Response:
    """A file of a run's exports, in pieces from the disk."""
    asked, name = str(request.path_params["run"]), str(request.path_params["name"])
    if not hmac.compare_digest(request.query_params.get("sign", "").encode(), _sign(f"{asked}/{name}").encode()):
        return PlainTextResponse("This address is not whole; follow the link on the run's page.", status_code=403)
    try:
        path = file_of(home(), open_store(home()).run(asked), name)
    except RunError as error:
        return PlainTextResponse(str(error), status_code=404)
    if path is None:
        return PlainTextResponse("This was not made, or is gone; prepare it on the run's page.", status_code=404)
    return FileResponse(path, media_type="application/octet-stream", filename=file_name(f"{asked}-{path.name}"))


def _sign(dataset_id: str) -> str:
    return hmac.new(_key(home() / "exports" / "key"), dataset_id.encode(), hashlib.sha256).hexdigest()


def _key(path: Path) -> bytes:
    """This home's secret, made once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{os.getpid()}-{secrets.token_hex(4)}")
        draft.write_bytes(secrets.token_bytes(KEY_BYTES))
        draft.chmod(0o600)
        try:
            os.link(draft, path)
        except FileExistsError:  # another process was first
            pass
        finally:
            draft.unlink()
    return path.read_bytes()
