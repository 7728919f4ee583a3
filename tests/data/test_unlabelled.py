"""What is brought to a trained model: images and texts without labels, from files of any kind."""

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from tlcore.data import Limits
from tlcore.data.unlabelled import offered
from tlcore.errors import DataError


def png(image):
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def read(path, modality, **how):
    return list(offered(path, modality, path.parent, **how))


def test_images_of_any_kind_come_as_rgb_and_bad_ones_say_why(tmp_path):
    grey = Image.fromarray(np.full((4, 6), 4095, np.uint16))
    files = {"a.png": png(grey), "sub/b.png": png(Image.new("P", (5, 5))), "c.jpg": b"no", "notes.txt": b"x"}
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    a, b, c = sorted(read(tmp_path / "many.zip", "image"), key=lambda one: one.name[-5:])
    assert (a.sample.mode, a.sample.size, a.sample.getpixel((0, 0))) == ("RGB", (6, 4), (255, 255, 255))
    assert b.sample.size == (5, 5)
    assert c.refusal == c.problem, "which has the name in it already"
    assert c.sample is None and "not an image that can be read" in c.problem
    (large,) = read(_written(tmp_path / "d.png", files["a.png"]), "image", limits=Limits(max_pixels=20))
    assert large.sample is None and "more than 20 pixels" in large.problem


def _written(path, data):
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("one.csv", b'text\n"hello, there"\ngood day\n'),
        ("two.csv", b'label,text\nx,"hello, there"\ny,good day\n'),
        ("lines.txt", b"hello, there\n\ngood day\n"),
        ("rows.jsonl", b'{"text": "hello, there", "id": 1}\n{"text": "good day", "id": 2}\n'),
        ("only.jsonl", b'{"text": "hello, there"}\n{"text": "good day"}\n'),
        ("items.json", json.dumps([{"text": "hello, there"}, {"text": "good day"}]).encode()),
    ],
)
def test_texts_are_found_in_a_table(tmp_path, name, data):
    found = read(_written(tmp_path / name, data), "text")
    assert [one.sample for one in found] == ["hello, there", "good day"]
    assert found[0].name.startswith(f"{name}:")


def test_a_text_that_is_empty_or_too_long_is_named_and_others_go_on(tmp_path):
    path = _written(tmp_path / "t.csv", b"id,text\n1,fine\n2,\n3,much too long\n")
    found = read(path, "text", limits=Limits(max_text_chars=5))
    assert [one.sample for one in found] == ["fine", None, None]
    assert found[1].refusal == "t.csv:3: The text is empty." and {one.column for one in found} == {"text"}
    assert found[1].problem == "The text is empty." and "13 characters, 5 are allowed" in found[2].problem


def test_a_column_that_is_not_there_is_refused(tmp_path):
    path = _written(tmp_path / "t.csv", b"id,text\n1,fine\n2,fine\n")
    assert [one.sample for one in read(path, "text", column="id")] == ["1", "2"]
    with pytest.raises(DataError, match="has no column 'body'; it has id, text"):
        read(path, "text", column="body")
    with pytest.raises(DataError, match="There is no file or folder"):
        read(tmp_path / "gone.csv", "text")
