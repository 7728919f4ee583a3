"""Downloads beside the pages."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from tests.pages.conftest import image_dataset, make_run
from tlcore.data import export
from tlcore.runs import Studio
from tlcore.runs.takeaway import place
from ui.download import address, routes, takeaway_address


def test_a_dataset_s_zip_is_handed_out_from_the_disk(home: Path) -> None:
    route, _ = routes()
    dataset = image_dataset(home)

    def answer(name: str, sign: str | None = None) -> object:
        query = address(name).partition("?")[2] if sign is None else f"sign={sign}"
        scope = {"type": "http", "path_params": {"dataset": name}, "headers": [], "query_string": query.encode()}
        return route.endpoint(Request(scope))

    for name in (dataset.id, "../../etc", "0" * 12):
        assert answer(name).status_code == 404  # type: ignore[attr-defined]
    path = export(dataset, home / "exports" / f"{dataset.id}.zip")
    response = answer(dataset.id)
    assert isinstance(response, FileResponse) and Path(response.path) == path
    assert 'filename="pets.zip"' in response.headers["content-disposition"]
    for wrong in ("", "0" * 64, address("0" * 12).partition("=")[2], "é"):
        assert answer(dataset.id, wrong).status_code == 403  # type: ignore[attr-defined]
    assert (home / "exports" / "key").stat().st_mode & 0o077 == 0


def test_what_was_made_of_a_run_is_handed_out_and_nothing_else(home: Path, studio: Studio) -> None:
    _, route = routes()
    run = make_run(studio, status="finished", best_epoch=2)
    root = place(home, run)
    (root / "onnx").mkdir(parents=True)
    (root / "onnx" / "model.onnx").write_bytes(b"graph")
    (home / "secret").write_text("not for you")

    def answer(name: str, sign: str | None = None) -> Response:
        query = takeaway_address(run.id, name).partition("?")[2] if sign is None else f"sign={sign}"
        params = {"run": run.id, "name": name}
        scope = {"type": "http", "path_params": params, "headers": [], "query_string": query.encode()}
        return route.endpoint(Request(scope))  # type: ignore[no-any-return]

    response = answer("onnx/model.onnx")
    assert isinstance(response, FileResponse) and Path(response.path).read_bytes() == b"graph"
    assert answer("onnx/model.onnx", "0" * 64).status_code == 403
    for name in ("../../../../secret", "onnx/none.onnx", "onnx"):
        assert answer(name).status_code == 404
