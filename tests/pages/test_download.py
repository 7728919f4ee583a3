"""Downloads beside the pages."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse

from tests.pages.conftest import image_dataset
from tlcore.data import export
from ui.download import routes


def test_a_dataset_s_zip_is_handed_out_from_the_disk(home: Path) -> None:
    (route,) = routes()
    dataset = image_dataset(home)

    def answer(name: str) -> object:
        return route.endpoint(Request({"type": "http", "path_params": {"dataset": name}, "headers": []}))

    for name in (dataset.id, "../../etc", "0" * 12):
        assert answer(name).status_code == 404  # type: ignore[attr-defined]
    path = export(dataset, home / "exports" / f"{dataset.id}.zip")
    response = answer(dataset.id)
    assert isinstance(response, FileResponse) and Path(response.path) == path
    assert 'filename="pets.zip"' in response.headers["content-disposition"]
