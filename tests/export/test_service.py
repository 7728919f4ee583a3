"""The service over HTTP: its answers, its bounds, and what it says to mistakes."""

from __future__ import annotations

import base64
import io
import json
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from PIL import Image

from tests.conftest import free_port
from tlcore.export.files import STANDALONE
from tlcore.export.standalone.serve import Limits, application

Ask = Callable[..., tuple[int, Any]]


class Brightness:
    """Tells dark from bright pictures, or short from long texts."""

    name, classes = "Light", ("dark", "grey", "<b>bright</b>")
    temperature = 2.0

    def __init__(self, modality: str) -> None:
        self.modality = modality

    def read(self, data: bytes) -> Any:
        return Image.open(io.BytesIO(data)).convert("L")

    def logits(self, samples: Sequence[Any]) -> Any:
        values = [np.asarray(one).mean() / 25.5 if self.modality == "image" else len(one) for one in samples]
        return np.array([[5.0 - value, 0.0, value - 5.0] for value in values], dtype=np.float32)


@pytest.fixture
def service() -> Iterator[Callable[[str], Ask]]:
    """Starts one of a modality on a free port; the returned function asks it."""
    servers: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(modality: str) -> Ask:
        limits = Limits(image_bytes=3000, pixels=10_000, characters=50, items=3, request_bytes=20_000)
        port = free_port()
        app = application(Brightness(modality), limits)
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        servers.append((server, thread))
        while not server.started:
            time.sleep(0.02)

        def ask(path: str, body: bytes | None = None, kind: str = "application/json") -> tuple[int, Any]:
            asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, {"Content-Type": kind})
            try:
                with urllib.request.urlopen(asked, timeout=60) as answer:
                    return answer.status, json.loads(answer.read())
            except urllib.error.HTTPError as error:
                return error.code, json.loads(error.read())

        return ask

    yield start
    for server, thread in servers:
        server.should_exit = True
        thread.join(10)


def png(value: int, side: int = 20) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), (value,) * 3).save(out, "PNG")
    return out.getvalue()


def bomb() -> bytes:
    """A picture of a few bytes that says it is so large that Pillow itself refuses it."""
    size = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", size), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b""))
    chunks = (struct.pack(">I", len(d)) + kind + d + struct.pack(">I", zlib.crc32(kind + d)) for kind, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def form(*files: bytes) -> tuple[bytes, str]:
    """A form as curl sends it."""
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + one + b"\r\n" for one in files
    ]
    return b"".join(parts) + b"--x--\r\n", "multipart/form-data; boundary=x"


def test_images_by_body_form_and_base64(service: Callable[[str], Ask]) -> None:
    ask = service("image")
    assert ask("/health") == (200, {"status": "ok"})
    status, said = ask("/")
    assert status == 200 and said["classes"] == list(Brightness.classes) and said["limits"]["items"] == 3
    status, bright = ask("/predict?top=2", png(255), "image/png")
    assert status == 200 and bright["class"] == "<b>bright</b>" and len(bright["top"]) == 2
    assert bright["top"][0]["logit"] == pytest.approx(5.0)
    assert bright["probability"] == pytest.approx(np.exp(2.5) / (np.exp(2.5) + 1 + np.exp(-2.5)))
    assert ask("/predict", *form(png(255)))[1]["class"] == "<b>bright</b>"
    status, both = ask("/batch", *form(png(0), png(255)))
    assert status == 200 and [one["class"] for one in both["results"]] == ["dark", "<b>bright</b>"]
    packed = json.dumps({"images": [base64.b64encode(png(0)).decode()]}).encode()
    assert ask("/batch", packed)[1]["results"][0]["class"] == "dark"


def test_what_is_too_much_or_nonsense_is_a_sentence(service: Callable[[str], Ask]) -> None:
    ask = service("image")
    for status, words, asked in (
        (415, "it is damaged, or no image", ("/predict", b"not an image", "image/png")),
        (413, "Image 1 has 22,500 pixels; 10,000 are the most.", ("/predict", png(9, 150), "image/png")),
        (413, "Image 1 has more than 10,000 pixels, the most.", ("/predict", bomb(), "image/png")),
        (413, "bytes; 3,000 are the most", ("/predict", b"x" * 4000, "image/png")),
        (413, "The request is larger than", ("/predict", b"x" * 30_000, "image/png")),
        (413, "4 images in one request; 3 are the most", ("/batch", *form(*[png(1)] * 4))),
        (413, "90 images in one request; 3 are the most", ("/batch", *form(*[png(1)] * 90))),
        (400, "/predict takes one image, got 2", ("/predict", *form(png(1), png(2)))),
        (400, "not a request that is understood", ("/predict", b"[", "application/json")),
        (422, "Image 1 is not base64", ("/predict", b'{"image": "***"}', "application/json")),
        (422, "top is a whole number", ("/predict?top=-1", png(1), "image/png")),
        (404, "Not Found", ("/nowhere",)),
    ):
        got, said = ask(*asked)
        assert (got, words in said["error"]) == (status, True), (got, said)


def test_texts_and_many_at_once(service: Callable[[str], Ask]) -> None:
    ask = service("text")
    assert ask("/predict", b'{"text": "a longer text"}')[1]["class"] == "<b>bright</b>"
    assert "Text 1 has 51 characters" in ask("/predict", json.dumps({"text": "x" * 51}).encode())[1]["error"]
    for path, empty in (("/predict", {"text": ""}), ("/predict", {"text": " \n"}), ("/batch", {"texts": ["", "x"]})):
        status, said = ask(path, json.dumps(empty).encode())
        assert status == 422 and said["error"].startswith("Text 1 is empty"), said
    assert "Every text is a string" in ask("/batch", b'{"texts": [1]}')[1]["error"]
    answers: list[Any] = [None] * 12

    def one(i: int) -> None:
        answers[i] = ask("/batch", json.dumps({"texts": ["x" * (i + 1), "y"]}).encode())

    threads = [threading.Thread(target=one, args=(i,)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [a[1]["results"][0]["top"][0]["logit"] for a in answers] == [max(4.0 - i, 0.0, i - 4.0) for i in range(12)]


def test_help_tells_the_options_and_loads_no_model(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(STANDALONE / "serve.py"), "--help"],
        cwd=tmp_path, env={"PORT": "8123"}, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "--host" in done.stdout and "--port" in done.stdout and "/predict" in done.stdout
