"""What the server hands out beside the pages: files that are too large to pass through a session's memory.

A page's rules about who may come in do not reach these routes, so an address carries a sign that only a page can give.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from tlcore.data import load_dataset
from tlcore.data.names import file_name
from tlcore.errors import DataError
from tlcore.home import home

__all__ = ["address", "routes"]

KEY_BYTES = 32


def address(dataset_id: str) -> str:
    """Where this dataset's zip is handed out, below the server's own address."""
    return f"/download/dataset/{dataset_id}?sign={_sign(dataset_id)}"


def routes() -> list[Route]:
    """For the server's application."""
    return [Route("/download/dataset/{dataset}", _exported, methods=["GET"])]


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
