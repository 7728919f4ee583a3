"""Data: files come in, are shown, and are split; what is wrong with them is said."""

import json
import time
from pathlib import Path

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFile
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import (
    HOSTILE,
    Open,
    image_dataset,
    parameter,
    picture,
    pictures,
    ran,
    text_dataset,
    texts,
    values,
    zipped,
)
from tlcore.data import SPLITS, ingest, list_datasets, load_dataset
from tlcore.runs import jobs

UPLOADER = "uploader-0"


def test_cold_it_asks_for_data(open_page: Open) -> None:
    at = open_page("data")
    assert at.title[0].value == "Data"
    assert "Bring your own data" in texts(at)
    assert at.get("file_uploader")
    assert at.button(key="use-digits").label == "Use this sample"


def test_a_zip_of_class_folders_becomes_a_dataset(open_page: Open, home: Path) -> None:
    files = pictures(["cats", "dogs", "owls"]) | {"cats/broken.jpg": b"not a picture"}
    at = open_page("data")
    at.file_uploader(key=UPLOADER).upload("pets.zip", zipped(files), "application/zip")
    ran(at)
    (dataset,) = list_datasets(home)
    assert parameter(at, "dataset") == dataset.id
    assert values(at)["Samples (images)"] == "30" and values(at)["Classes"] == "3"
    assert not list((home / "incoming").glob("*"))
    (note,) = (element.value for element in at.markdown if "broken" in element.value)
    assert note.startswith("**cats/broken\\.jpg**") and "Left out" in note
    assert at.dataframe[0].value["class"].tolist() == ["cats", "dogs", "owls"], "the note has said it all"


def test_an_upload_is_never_held_twice(open_page: Open, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copies: list[UploadedFile] = []
    monkeypatch.setattr(UploadedFile, "__deepcopy__", lambda file, memo: copies.append(file) or file, raising=False)
    at = open_page("data")
    at.file_uploader(key=UPLOADER).upload("pets.zip", zipped(pictures(["cats", "dogs"])), "application/zip")
    ran(at)
    assert len(list_datasets(home)) == 1 and not copies


def test_a_file_that_the_box_names_again_after_it_was_released_is_passed_over(
    open_page: Open, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = open_page("data")
    for name in ("gone", "pets"):
        at.file_uploader(key=UPLOADER).upload(f"{name}.zip", zipped(pictures(["cats", "dogs"])), "application/zip")
    get = MemoryUploadedFileManager.get_files
    monkeypatch.setattr(MemoryUploadedFileManager, "get_files", lambda *args, **given: get(*args, **given)[1:])
    ran(at)
    assert [dataset.name for dataset in list_datasets(home)] == ["pets"] and not at.error


def test_all_that_was_left_out_is_listed_where_the_notes_are_fewer(open_page: Open, home: Path) -> None:
    broken = {f"cats/broken{i}.jpg": b"not a picture %d" % i for i in range(30)}
    at = open_page("data")
    at.file_uploader(key=UPLOADER).upload("pets.zip", zipped(pictures(["cats", "dogs"]) | broken), "application/zip")
    ran(at)
    assert len(at.dataframe[0].value) == 30
    assert at.get("download_button")


def test_the_same_samples_again_keep_their_name_and_it_is_said(open_page: Open, home: Path) -> None:
    first = image_dataset(home)
    at = open_page("data", dataset=first.id)
    assert "Source: pets" in texts(at)
    files = pictures(("cats", "dogs")) | {"cats/broken.jpg": b"not a picture"}
    at.file_uploader(key=UPLOADER).upload("<b>zoo.zip", zipped(files), "application/zip")
    ran(at)
    assert parameter(at, "dataset") == first.id
    words = texts(at)
    assert "zoo" in next(element.value for element in at.caption if element.value.startswith("Source"))
    assert "broken" in words, "the notes are the new ones"
    for _ in range(2):
        (told,) = at.info
        assert told.value == "These samples were here already as 'pets'."
        ran(at)
    at.file_uploader(key="uploader-1").upload("third.zip", zipped(pictures(("cats", "dogs"))), "application/zip")
    ran(at)
    assert at.info[0].value == "These samples were here already as 'pets'."


def test_the_chart_stacks_the_splits_of_each_class(open_page: Open, home: Path) -> None:
    dataset = image_dataset(home)
    at = open_page("data", dataset=dataset.id)
    figure = json.loads(at.get("plotly_chart")[0].proto.spec)
    counts = dataset.counts()
    assert figure["layout"]["barmode"] == "stack"
    for trace, split in zip(figure["data"], ("train", "val", "test"), strict=False):
        assert list(trace["x"]) == counts[split].tolist()
    assert figure["layout"]["xaxis"]["title"]["text"] == "samples"


def test_each_class_has_a_row_of_examples_with_words_for_them(open_page: Open, home: Path) -> None:
    at = open_page("data", dataset=image_dataset(home).id)
    assert {"**cats**", "**dogs**"} <= {element.value for element in at.markdown}
    images = at.get("image")
    assert len(images) == 2 * load_dataset(home, list_datasets(home)[0].id).counts()["train"].iloc[0]
    assert "cats" in str(images[0].proto)


def test_many_classes_are_paged(open_page: Open, home: Path) -> None:
    at = open_page("data", dataset=text_dataset(home, [f"class {i:02d}" for i in range(12)], each=3).id)
    shown = {element.value for element in at.markdown}
    assert "**class 04**" in shown and "**class 05**" not in shown


def test_a_table_is_asked_about_and_read(open_page: Open, home: Path) -> None:
    rows = "".join(f"{i},{label},it was {label} the {i}th time\n" for i in range(10) for label in ("good", "bad"))
    at = open_page("data")
    at.file_uploader(key=UPLOADER).upload("mail.csv", f"id,mood,message\n{rows}".encode(), "text/csv")
    ran(at)
    assert at.selectbox(key="column-text").value == "message"
    assert at.selectbox(key="column-label").value == "mood"
    assert not list_datasets(home)
    at.button(key="read-table").click()
    ran(at)
    (dataset,) = list_datasets(home)
    assert dataset.modality == "text" and set(dataset.classes) == {"good", "bad"}
    assert values(at)["Samples (texts)"] == "20"
    assert any("it was good" in element.value for element in at.text)


def test_a_table_can_be_discarded(open_page: Open, home: Path) -> None:
    at = open_page("data")
    at.file_uploader(key=UPLOADER).upload("mail.csv", b"text,label\nx,a\ny,b\n", "text/csv")
    ran(at)
    at.button(key="discard-upload").click()
    ran(at)
    assert not list((home / "incoming").glob("*"))
    assert "Bring your own data" in texts(at) and not at.error


def test_a_table_that_is_refused_can_be_read_by_other_columns(open_page: Open, home: Path) -> None:
    rows = "".join(f"{i},{label},it was {label} the {i}th time\n" for i in range(10) for label in ("good", "bad"))
    at = open_page("data")
    at.file_uploader(key=UPLOADER).upload("mail.csv", f"id,mood,message\n{rows}".encode(), "text/csv")
    ran(at)
    at.selectbox(key="column-label").select("message")
    at.button(key="read-table").click()
    ran(at)
    assert len(at.error) == 1 and not list_datasets(home)
    assert at.button(key="discard-upload").label == "Discard"
    at.selectbox(key="column-label").select("mood")
    ran(at)
    assert not at.error
    at.button(key="read-table").click()
    ran(at)
    (dataset,) = list_datasets(home)
    assert set(dataset.classes) == {"good", "bad"}
    assert not list((home / "incoming").glob("*"))


BAD = {
    "an empty zip": ("x.zip", zipped({})),
    "one class": ("x.zip", zipped(pictures(["cats"]))),
    "no pictures": ("x.zip", zipped({"cats/1.txt": b"x", "dogs/1.txt": b"y"})),
    "a zip in a zip": ("x.zip", zipped({"cats/in.zip": zipped(pictures(["a"]))})),
    "not a zip": ("x.zip", b"this is no zip"),
    "zero bytes": ("x.zip", b""),
    "only broken pictures": ("x.zip", zipped({"cats/1.png": b"x", "dogs/1.png": picture(1)[:40]})),
    "a table of zero bytes": ("x.csv", b""),
    "a table of one column": ("x.csv", b"text\nhello\nworld\n"),
}


@pytest.mark.parametrize("name, content", BAD.values(), ids=BAD)
def test_what_cannot_be_used_is_one_sentence_and_leaves_nothing(
    open_page: Open, home: Path, name: str, content: bytes
) -> None:
    at = open_page("data")
    at.file_uploader(key=UPLOADER).upload(name, content, "application/octet-stream")
    ran(at)
    (error,) = at.error
    assert "Something went wrong" not in error.value and len(error.value) > 20
    assert not list_datasets(home) and not list((home / "incoming").glob("*"))
    ran(at)
    assert not at.error, "said once"
    assert at.get("file_uploader"), "and the next file can come"


def test_another_split_is_another_dataset(open_page: Open, home: Path) -> None:
    first = image_dataset(home, each=20)
    at = open_page("data", dataset=first.id, view="split")
    at.number_input(key=f"train-share-{first.id}").set_value(50)
    at.number_input(key=f"val-share-{first.id}").set_value(25)
    at.number_input(key=f"split-seed-{first.id}").set_value(7)
    at.button(key="resplit").click()
    ran(at)
    second = load_dataset(home, parameter(at, "dataset"))
    assert second.id != first.id and second.content == first.content
    assert second.split is not None and second.split.seed == 7
    assert [len(second.rows(part)) for part in SPLITS] == [20, 10, 10]


def test_shares_that_small_classes_bend_are_said(open_page: Open, home: Path) -> None:
    at = open_page("data", dataset=text_dataset(home, each=3).id)
    (said,) = (element.value for element in at.caption if "asked for" in element.value)
    assert "**33.3 / 33.3 / 33.3 %**, not the 70 / 15 / 15 % asked for" in said
    at = open_page("data", dataset=image_dataset(home, each=20).id)
    assert not any("asked for" in element.value for element in at.caption)


def test_a_split_without_a_test_is_refused(open_page: Open, home: Path) -> None:
    dataset = image_dataset(home)
    at = open_page("data", dataset=dataset.id, view="split")
    at.number_input(key=f"train-share-{dataset.id}").set_value(80)
    at.number_input(key=f"val-share-{dataset.id}").set_value(20)
    ran(at)
    assert "leaves nothing to test on" in at.error[0].value


def test_a_pattern_groups_the_samples_and_is_seen_before_it_counts(open_page: Open, home: Path) -> None:
    source = home / "modules.zip"
    names = [f"{c}/m{m}_{n}.png" for c in ("good", "bad") for m in range(8) for n in range(3)]
    source.write_bytes(zipped({name: picture(number) for number, name in enumerate(names)}))
    first = ingest(source, home)
    at = open_page("data", dataset=first.id, view="split")
    next(group for group in at.get("button_group") if group.key == f"grouping-{first.id}").set_value("pattern")
    ran(at)
    assert "**8 groups**, the largest of 6 samples" in texts(at) and "As it would be" in texts(at)
    assert len(list_datasets(home)) == 1
    at.button(key="resplit").click()
    ran(at)
    second = load_dataset(home, parameter(at, "dataset"))
    assert second.manifest().groupby("group")["split"].nunique().tolist() == [1] * 8
    assert "none is in two splits" in texts(at)


def test_samples_are_filtered_and_paged(open_page: Open, home: Path) -> None:
    dataset = image_dataset(home, ("cats", "dogs"), each=60)

    def tiles(at: AppTest) -> list[dict[str, str]]:
        (wall,) = at.get("bidi_component")
        return json.loads(wall.proto.json)["tiles"]

    shown = tiles(open_page("data", dataset=dataset.id, view="samples"))
    assert len(shown) == 48 and {one["label"] for one in shown} == {"cats"}
    assert all(one["src"].startswith("data:image/webp;base64,") for one in shown)
    at = open_page("data", dataset=dataset.id, view="samples", **{"class": "dogs", "in": "val", "page": "1"})
    assert len(tiles(at)) == dataset.counts()["val"]["dogs"]
    assert len(tiles(open_page("data", dataset=dataset.id, view="samples", page="3"))) == 24
    (found,) = tiles(open_page("data", dataset=dataset.id, view="samples", find="DOGS/7.png"))
    assert found["origin"] == "dogs/7.png"
    at = open_page("data", dataset=dataset.id, view="samples", find="nothing like it")
    assert "No sample fits" in at.info[0].value


def test_the_next_page_of_samples_is_made_ahead(open_page: Open, home: Path) -> None:
    dataset = image_dataset(home, ("cats", "dogs"), each=60)
    open_page("data", dataset=dataset.id, view="samples")
    until = time.monotonic() + 30
    while len(list((home / "thumbnails").rglob("[0-9]*.webp"))) < 96 and time.monotonic() < until:
        time.sleep(0.05)
    made = {int(path.stem) for path in (home / "thumbnails").rglob("[0-9]*.webp")}
    assert made == set(range(96)), "this page and the next one, and no others"


def test_doubtful_labels_are_decided_together(open_page: Open, home: Path) -> None:
    dataset = image_dataset(home)
    about = {"content": dataset.content, "backbone": "efficientnet_lite0"}
    found = [{"row": row, "given": 0, "suggested": 1, "confidence": 0.9, "doubt": 0.95} for row in (0, 3)]
    answered(home, "suspects", about, {"suspects": found, "agreement": 0.9, "n": 20})
    at = open_page("data", dataset=dataset.id, view="suspects")
    assert at.button(key="apply-decisions").disabled
    for row, decision in ((0, "relabel"), (3, "leave out")):
        key = f"decide-{dataset.id}-{row}"
        next(group for group in at.get("button_group") if group.key == key).set_value(decision)
    ran(at)
    at.button(key="apply-decisions").click()
    ran(at)
    made = load_dataset(home, parameter(at, "dataset"))
    assert (made.parent, made.counts()["total"].tolist()) == (dataset.id, [8, 11])


def test_the_map_has_a_dot_for_each_sample(open_page: Open, home: Path) -> None:
    dataset = image_dataset(home)
    about = {"content": dataset.content, "backbone": "efficientnet_lite0"}
    places = [float(row) for row in range(20)]
    answered(home, "map", about, {"rows": list(range(20)), "x": places, "y": places, "n": 20})
    at = open_page("data", dataset=dataset.id, view="map")
    figure = json.loads(at.get("plotly_chart")[0].proto.spec)
    assert [trace["name"] for trace in figure["data"]] == ["cats", "dogs"]
    assert [len(trace["customdata"]) for trace in figure["data"]] == [10, 10]


def answered(home: Path, kind: str, about: dict[str, str], result: dict[str, object]) -> None:
    """As if the job had been done."""
    job = jobs.ask(home, kind, about)
    (home / "jobs" / job.id / "answer.json").write_text(json.dumps(result))


def test_an_unknown_dataset_in_the_url_is_said(open_page: Open, home: Path) -> None:
    dataset = image_dataset(home)
    at = open_page("data", dataset="<b>x</b>")
    assert "There is no dataset" in at.warning[0].value and "<b>" not in at.warning[0].value
    assert parameter(at, "dataset") == dataset.id


def test_hostile_names_and_texts_are_only_words(open_page: Open, home: Path) -> None:
    dataset = text_dataset(home, HOSTILE)
    at = open_page("data", dataset=dataset.id)
    assert any(HOSTILE[0] in element.value for element in at.text), "st.text shows it as it is"
    marked = "\n".join(str(element.value) for kind in ("markdown", "caption", "error") for element in getattr(at, kind))
    assert not any(name in marked for name in HOSTILE)
    spec = at.get("plotly_chart")[0].proto.spec
    assert "<b>" not in json.dumps(json.loads(spec)["layout"]["yaxis"]["ticktext"])


def test_the_next_step_is_the_strategy(open_page: Open, home: Path) -> None:
    dataset = image_dataset(home)
    at = open_page("data", dataset=dataset.id)
    at.button(key="to-strategy").click()
    ran(at)
    assert at.title[0].value == "Strategy"
    assert parameter(at, "dataset") == dataset.id
