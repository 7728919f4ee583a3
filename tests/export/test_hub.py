"""Uploading to a server on this machine that answers as the hub does; the token goes there and nowhere else."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest

from tests.conftest import free_port
from tlcore.errors import ExportError
from tlcore.export.hub import push

TOKEN = "hf_" + "s3cret" * 5


class Hub(ThreadingHTTPServer):
    """Repositories with their files; one token may write, and only under `me`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories: dict[str, dict[str, bytes]] = {"me/old": {"kept.txt": b"before"}}
        self.private: dict[str, bool] = {}
        self.blobs: dict[str, bytes] = {}
        self.broken = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """The endpoints that a commit needs."""

    server: Hub

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, said = self._answer(self.path.partition("?")[0], body)
        self._say(status, said)

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.blobs[hashlib.sha256(data).hexdigest()] = data
        self._say(500 if self.server.broken else 200, {})

    def _answer(self, path: str, body: bytes) -> tuple[int, Any]:
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"error": f"Invalid username or password: {self.headers.get('Authorization')}"}
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        name = path.removeprefix("/api/models/").removesuffix("/preupload/main").removesuffix("/commit/main")
        if path.endswith("/preupload/main"):
            files = json.loads(body)["files"]
            large = [{"path": f["path"], "uploadMode": "lfs" if f["size"] > 1000 else "regular"} for f in files]
            return 200, {"files": [one | {"shouldIgnore": False, "oid": None} for one in large]}
        if path.endswith("/info/lfs/objects/batch"):
            objects = json.loads(body)["objects"]
            href = {"upload": {"href": f"{self.server.address}/lfs"}}
            return 200, {"transfer": "basic", "objects": [one | {"actions": href} for one in objects]}
        return self._commit(name, body)

    def _create(self, asked: dict[str, Any]) -> tuple[int, Any]:
        owner, name = asked.get("organization") or "me", asked["name"]
        full = f"{owner}/{name}"
        if owner != "me":
            return 403, {"error": "You don't have the rights to create a model under the namespace"}
        if full in self.server.repositories:
            return 409, {"error": "You already created this model repo", "url": f"{self.server.address}/{full}"}
        self.server.repositories[full] = {}
        self.server.private[full] = asked.get("visibility") == "private"
        return 200, {"url": f"{self.server.address}/{full}"}

    def _commit(self, name: str, body: bytes) -> tuple[int, Any]:
        for line in body.decode().splitlines():
            one = json.loads(line)
            if one["key"] == "file":
                self.server.repositories[name][one["value"]["path"]] = base64.b64decode(one["value"]["content"])
            if one["key"] == "lfsFile":
                self.server.repositories[name][one["value"]["path"]] = self.server.blobs[one["value"]["oid"]]
        return 200, {"commitUrl": f"{self.server.address}/{name}/commit/1", "commitOid": "1", "success": True}

    def _say(self, status: int, said: Any) -> None:
        data = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *said: Any) -> None:
        """Quiet."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    yield server
    server.shutdown()
    thread.join(10)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "weights").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "card").write_text("---\nlicense: mit\n---\n# A model\n")
    return {"tokenizer/model.safetensors": tmp_path / "weights", "README.md": tmp_path / "card"}


def test_small_and_large_files_arrive(hub: Hub, files: dict[str, Path], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    where = push(files, "me/mine", token=f" {TOKEN}\n", message="Run 1")
    assert where == f"{hub.address}/me/mine" and hub.private == {"me/mine": True}
    assert hub.repositories["me/mine"] == {name: path.read_bytes() for name, path in files.items()}
    assert TOKEN not in caplog.text
    push(files, "me/old", token=TOKEN, message="Run 1", update=True)
    assert set(hub.repositories["me/old"]) == {"kept.txt", *files}


def test_each_refusal_is_a_sentence_without_the_token(
    hub: Hub, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for words, name, token in (
        ("wants a token with the right to write", "me/mine", " "),
        ("This is no token", "me/mine", "hf_ÄÖ"),
        ("A repository is called OWNER/NAME", "../x", TOKEN),
        ("does not know this token: it is wrong, or was revoked", "me/mine", "hf_wrong"),
        ("may not write to you/mine", "you/mine", TOKEN),
        ("There is a repository me/old already: choose another name", "me/old", TOKEN),
    ):
        with pytest.raises(ExportError, match=words) as refused:
            push(files, name, token=token, message="")
        assert not token.strip() or token not in str(refused.value)
    assert hub.repositories == {"me/old": {"kept.txt": b"before"}}
    hub.broken = True
    with pytest.raises(ExportError, match="The hub did not take 'me/mine'"):
        push(files, "me/mine", token=TOKEN, message="")
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ExportError, match="cannot be reached"):
        push(files, "me/mine", token=TOKEN, message="")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ExportError, match="HF_HUB_OFFLINE is set here"):
        push(files, "me/mine", token=TOKEN, message="")
