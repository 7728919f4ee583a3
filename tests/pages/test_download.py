"""Downloads beside the pages."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse

from tests.pages.conftest import image_dataset
from tlcore.data import export
from ui.download import address, routes


def test_a_dataset_s_zip_is_handed_out_from_the_disk(home: Path) -> None:
    (route,) = routes()
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
