"""What the server hands out beside the pages: files that are too large to pass through a session's memory."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from tlcore.data import load_dataset
from tlcore.data.names import file_name
from tlcore.errors import DataError
from tlcore.home import home
from ui.signing import sign, signed

__all__ = ["address", "routes"]

KIND = "dataset"


def address(dataset_id: str) -> str:
    """Where this dataset's zip is handed out, below the server's own address."""
    return f"/download/dataset/{dataset_id}?sign={sign(KIND, dataset_id)}"


def routes() -> list[Route]:
    """For the server's application."""
    return [Route("/download/dataset/{dataset}", _exported, methods=["GET"])]


def _exported(request: Request) -> Response:
    """A dataset's zip, in pieces from the disk; under the dataset's name."""
    asked = str(request.path_params["dataset"])
    if not signed(request.query_params.get("sign", ""), KIND, asked):
        return PlainTextResponse("This address is not whole; follow the link on the Data page.", status_code=403)
    try:
        dataset = load_dataset(home(), asked)
    except DataError as error:
        return PlainTextResponse(str(error), status_code=404)
    path = home() / "exports" / f"{dataset.id}.zip"
    if not path.is_file():
        return PlainTextResponse("This dataset was not exported; make its zip on the Data page.", status_code=404)
    return FileResponse(path, media_type="application/zip", filename=file_name(f"{dataset.name}.zip"))
