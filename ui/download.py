"""What the server hands out beside the pages: files that are too large to pass through a session's memory."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from tlcore.data import load_dataset
from tlcore.data.names import file_name
from tlcore.errors import DataError
from tlcore.home import home

__all__ = ["routes"]


def routes() -> list[Route]:
    """For the server's application."""
    return [Route("/download/dataset/{dataset}", _exported, methods=["GET"])]


def _exported(request: Request) -> Response:
    """A dataset's zip, in pieces from the disk; under the dataset's name."""
    try:
        dataset = load_dataset(home(), request.path_params["dataset"])
    except DataError as error:
        return PlainTextResponse(str(error), status_code=404)
    path = home() / "exports" / f"{dataset.id}.zip"
    if not path.is_file():
        return PlainTextResponse("This dataset was not exported; make its zip on the Data page.", status_code=404)
    return FileResponse(path, media_type="application/zip", filename=file_name(f"{dataset.name}.zip"))
