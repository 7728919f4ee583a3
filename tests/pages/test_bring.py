"""The other ways in: several files, images with a table of their labels, the server's folders, public datasets."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import Open, Studio, image_dataset, make_run, parameter, pictures, ran, texts, zipped
from tlcore.data import list_datasets
from tlcore.data.public import public_dataset
from tlcore.data.publishing import stored_public
from tlcore.data.versions import rename
from tlcore.runs import jobs

UPLOADER = "uploader-0"
CIFAR = {"name": "cifar10"}


def way(open_page: Open, name: str, **params: str) -> AppTest:
    at = open_page("data", **params)
    at.segmented_control(key="way-in").set_value(name)
    return ran(at)


def test_several_zips_become_one_dataset(open_page: Open, home: Path) -> None:
    at = open_page("data")
    files = pictures(["cats", "dogs"])
    for name in ("cats", "dogs"):
        part = {path: content for path, content in files.items() if path.startswith(name)}
        at.file_uploader(key=UPLOADER).upload(f"{name}.zip", zipped(part), "application/zip")
    ran(at)
    (dataset,) = list_datasets(home)
    assert dataset.n_samples == 20 and dataset.classes == ("cats", "dogs") and dataset.name == "cats and 1 more"
    assert not list((home / "incoming").iterdir())


def test_images_with_a_table_are_asked_about(open_page: Open, home: Path) -> None:
    flat = {path.replace("/", "-"): content for path, content in pictures(["cats", "dogs"]).items()}
    rows = "".join(f"{name},{name[:4]}\n" for name in flat)
    at = open_page("data")
    at.file_uploader(key=UPLOADER).upload(
        "pets.zip", zipped(flat | {"labels.csv": f"picture,kind\n{rows}".encode()}), "application/zip"
    )
    ran(at)
    assert at.selectbox(key="column-text").value == "picture" and at.selectbox(key="column-label").value == "kind"
    assert "20 images" in texts(at) and not list_datasets(home)
    at.button(key="read-table").click()
    ran(at)
    assert list_datasets(home)[0].classes == ("cats", "dogs")


def test_a_folder_of_the_server(open_page: Open, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No folder of the server is open here" in way(open_page, "server").info[0].value
    root = tmp_path / "open"
    for name, content in pictures(["cats", "dogs"]).items():
        (root / "pets" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "pets" / name).write_bytes(content)
    (tmp_path / "secret").mkdir()
    monkeypatch.setenv("TLSTUDIO_DATA_ROOTS", str(root))
    at = way(open_page, "server")
    assert "Holds pets/" in texts(at)
    at.text_input(key="server-path").set_value("../secret")
    ran(at)
    assert at.error and "read-server" not in {button.key for button in at.button}, "outside the root nothing is offered"
    at.text_input(key="server-path").set_value("pets")
    ran(at)
    at.button(key="read-server").click()
    ran(at)
    assert list_datasets(home)[0].n_samples == 20 and (root / "pets" / "cats" / "0.png").exists()


def test_a_public_dataset_is_fetched_by_a_job_and_opened(open_page: Open, home: Path) -> None:
    at = way(open_page, "public")
    assert "CIFAR-10 · 60,000 images in 10 classes · 170 MB · licence on its homepage" in at.selectbox[0].options
    at.button(key="fetch-public").click()
    ran(at)
    assert jobs.look(home, "public", CIFAR).status == "waiting" and at.button(key="cancel-public")
    folder = jobs.place(home, "public", CIFAR)
    (folder / "failed.json").write_text(json.dumps({"reason": "is there a network?"}))
    ran(at)
    assert "is there a network?" in at.error[0].value
    dataset = image_dataset(home)
    record = home / "datasets" / dataset.id / "dataset.json"
    plain = json.loads(record.read_text()) | {"source": "public:cifar10", "split": None}
    record.write_text(json.dumps(plain))
    kept = public_dataset("cifar10")
    assert kept is not None and stored_public(kept, home) is not None
    (folder / "failed.json").unlink()
    (folder / "answer.json").write_text(json.dumps({"dataset": dataset.id}))
    ran(at)
    assert parameter(at, "dataset") == dataset.id
    assert jobs.look(home, "public", CIFAR).status == "new", "deleted, it can be fetched again"


def test_a_dataset_is_renamed_and_deleted(open_page: Open, home: Path, studio: Studio) -> None:
    dataset = image_dataset(home)
    run = make_run(studio, "Used it", dataset=dataset.id)
    at = open_page("data", dataset=dataset.id)
    assert "Used by 1 run" in texts(at) and "is live" in texts(at)
    studio.store.update(run.id, status="finished")
    at.text_input(key=f"rename-{dataset.id}").set_value("Our pets")
    ran(at)
    at.button(key="rename").click()
    ran(at)
    assert list_datasets(home)[0].name == "Our pets" and at.button(key="delete-dataset").disabled
    rename(dataset, "Pets")
    at.checkbox(key=f"sure-{dataset.id}").check()
    ran(at)
    at.button(key="delete-dataset").click()
    ran(at)
    assert not list_datasets(home)


def test_one_of_hugging_face_s_is_asked_for_by_its_name(open_page: Open, home: Path) -> None:
    at = way(open_page, "public")
    at.selectbox(key="public-name").select("hub")
    ran(at)
    at.text_input(key="hub-name").set_value("somebody/mail")
    ran(at)
    at.button(key="fetch-public").click()
    ran(at)
    assert jobs.look(home, "hub", {"name": "somebody/mail"}).status == "waiting" and at.button(key="cancel-public")
