"""Datasets of Hugging Face's hub, from a server on this machine in its place."""

import io
import json

import huggingface_hub.constants
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.data.bringing import png
from tests.data.serving import serving
from tlcore.data import resolve
from tlcore.data.hub import add_hub
from tlcore.errors import DataError

COMMIT = "a" * 40


@pytest.fixture
def hub(monkeypatch):
    with serving() as served:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", served.address)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        template = served.address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr("huggingface_hub.file_download.HUGGINGFACE_CO_URL_TEMPLATE", template, raising=False)
        yield served


def offer(hub, name, files):
    siblings = [{"rfilename": path, "size": len(content)} for path, content in files.items()]
    about = {"_id": "1", "id": name, "sha": COMMIT, "siblings": siblings, "tags": [], "cardData": {"license": "mit"}}
    hub.files[f"/api/datasets/{name}/revision/refs%2Fconvert%2Fparquet"] = json.dumps(about).encode()
    hub.files |= {f"/datasets/{name}/resolve/{COMMIT}/{path}": content for path, content in files.items()}


def rows(columns, names=()):
    table = pa.table(columns)
    if names:
        about = {"info": {"features": {"label": {"names": list(names), "_type": "ClassLabel"}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(about)})
    file = io.BytesIO()
    parquet.write_table(table, file)
    return file.getvalue()


def texts(start, n=8):
    return rows(
        {"text": [f"text {i}" for i in range(start, start + n)], "label": [i % 2 for i in range(n)]}, ("bad", "good")
    )


def test_texts_keep_their_splits_and_class_names(hub, home):
    other = pd.DataFrame({"a": [1], "b": ["x"]}).to_parquet()
    files = {
        "default/train/0000.parquet": texts(0),
        "default/test/0000.parquet": texts(100),
        "x/train/0.parquet": other,
    }
    offer(hub, "somebody/mail", files | {"script.py": b"raise SystemExit"})
    told = []
    dataset = add_hub("somebody/mail", home, lambda share, words: told.append(share))
    assert dataset.source == "hf:somebody/mail" and dataset.note.endswith("licence: mit.") and dataset.split is None
    assert dataset.classes == ("bad", "good") and dataset.counts()["test"].tolist() == [4, 4]
    assert told == sorted(told) and told[-1] == 1.0
    asked = len(hub.asked)
    assert resolve("hf:somebody/mail", home).id == dataset.id and len(hub.asked) == asked
    assert not any("script" in path or "/x/" in path for path in hub.asked)
    assert not list((home / "incoming").iterdir())


def test_pictures_are_read_from_their_bytes(hub, home):
    def pictures(start):
        cells = [{"bytes": png(start + i), "path": "../../evil.png"} for i in range(7)]
        return rows({"image": cells, "label": [0, 1, 2, 0, 1, 2, -1]}, ("cat", "dog", "owl"))

    offer(hub, "somebody/pets", {"data/train-00000-of-00001.parquet": pictures(0), "data/test-0.parquet": pictures(50)})
    dataset = add_hub("somebody/pets", home)
    assert dataset.modality == "image" and dataset.classes == ("cat", "dog", "owl") and dataset.n_samples == 12
    assert dataset.counts()["test"].tolist() == [2, 2, 2]


def test_what_cannot_be_had_is_a_sentence(hub, home, monkeypatch):
    with pytest.raises(
        DataError, match="has no dataset 'somebody/gone' that is open|cannot be asked for somebody/gone"
    ):
        add_hub("somebody/gone", home)
    offer(hub, "somebody/mail", {"default/train/0000.parquet": texts(0)})
    with pytest.raises(DataError, match="no config 'fr'; it has default"):
        add_hub("somebody/mail:fr", home)
    with pytest.raises(DataError, match="is no dataset of Hugging Face's; write owner/name"):
        add_hub("../../etc", home)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DataError, match=r"cannot be asked for somebody/mail \(.*is there a network"):
        add_hub("somebody/mail", home)
