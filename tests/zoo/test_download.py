"""Downloads, from a server on this machine: progress, whole or nothing, checked, and one sentence where it fails."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub.constants
import pytest
import torch
from torchvision import models

from tests.zoo.hub import tiny
from tlcore.errors import RecipeError, WeightsError
from tlcore.zoo import backbone, resolve, weights_state
from tlcore.zoo.download import download
from tlcore.zoo.model import load_backbone

SMALL = "squeezenet1_1"
COMMIT = "a" * 40


@dataclass
class Server:
    """Files by path; a repository `owner/name` as Hugging Face serves it."""

    files: dict[str, bytes] = field(default_factory=dict)
    cut: bool = False
    """Whether it hangs up half way."""
    asked: list[str] = field(default_factory=list)
    address: str = ""

    def repository(self, hub_id: str, folder: Path, **about: object) -> None:
        """Offer a folder."""
        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        siblings = [{"rfilename": name, "size": len(content)} for name, content in files.items()]
        plain = {"_id": "1", "id": hub_id, "modelId": hub_id, "sha": COMMIT, "siblings": siblings, "tags": [], **about}
        self.files |= {f"/{hub_id}/resolve/main/{name}": content for name, content in files.items()}
        self.files[f"/api/models/{hub_id}"] = json.dumps(plain).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    served = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.answer(b"")

        def do_GET(self) -> None:
            content = self.answer(None)
            if content is not None:
                self.wfile.write(content[: len(content) // 2] if served.cut else content)

        def answer(self, _: bytes | None) -> bytes | None:
            path = self.path.partition("?")[0]
            served.asked.append(f"{self.command} {path}")
            content = served.files.get(path)
            self.send_response(404 if content is None else 200)
            if content is None:
                self.send_header("X-Error-Code", "RepoNotFound" if "/api/" in path else "EntryNotFound")
            else:
                self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
                self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            return content

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    served.address = f"http://127.0.0.1:{listening.server_port}"
    yield served
    listening.shutdown()
    listening.server_close()


@pytest.fixture
def hub(server, monkeypatch) -> Server:
    """The server in Hugging Face's place."""
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", server.address)
    template = server.address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    return server


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    torch.manual_seed(7)
    return models.get_model(SMALL, weights=None)


def offered(server: Server, network: torch.nn.Module, tmp_path: Path, digest: str = ""):
    """The backbone whose weights the server has under a name with their hash."""
    torch.save(network.state_dict(), tmp_path / "w.pth")
    content = (tmp_path / "w.pth").read_bytes()
    path = f"/models/squeeze-{digest or hashlib.sha256(content).hexdigest()[:8]}.pth"
    server.files[path] = content
    return replace(backbone(SMALL), url=server.address + path), content


def test_a_file_of_torch_hub_s(server, network, tmp_path, caches):
    record, content = offered(server, network, tmp_path)
    told: list[tuple[int, int]] = []
    state = download(record, lambda done, total: told.append((done, total)))
    assert state.kind == "cached" and state.path == caches / "torch/hub/checkpoints" / Path(record.url).name
    assert state.path.read_bytes() == content
    assert len(told) == -(-len(content) // 2**20) and told[-1] == (len(content), len(content))
    assert torch.equal(load_backbone(record).features[0].weight, network.features[0].weight)
    download(record)
    assert len(server.asked) == 1, "what is there is not fetched again"


def test_a_changed_file_is_refused(server, network, tmp_path, caches):
    record, _ = offered(server, network, tmp_path, digest="0123abcd")
    with pytest.raises(WeightsError, match="is not the published file: its hash begins with [0-9a-f]{8}, not 0123abcd"):
        download(record)
    assert list((caches / "torch/hub/checkpoints").iterdir()) == []


def test_half_a_file_is_none(server, network, tmp_path, caches):
    record, _ = offered(server, network, tmp_path)
    server.cut = True
    with pytest.raises(
        WeightsError, match="download of SqueezeNet 1.1 failed .*bytes.*Try again with one, or upload its file"
    ):
        download(record)
    assert list((caches / "torch/hub/checkpoints").iterdir()) == []


def test_a_file_that_the_server_does_not_have(server):
    record = replace(backbone(SMALL), url=f"{server.address}/gone-01234567.pth")
    with pytest.raises(WeightsError, match="gone-01234567.pth answered 404"):
        download(record)


def test_what_stops_the_teller_stops_the_download(server, network, tmp_path, caches):
    record, _ = offered(server, network, tmp_path)

    def stop(done: int, total: int) -> None:
        raise KeyError("cancelled")

    with pytest.raises(KeyError, match="cancelled"):
        download(record, stop)
    assert list((caches / "torch/hub/checkpoints").iterdir()) == []


def test_without_a_network_one_sentence_names_the_four_ways(monkeypatch):
    record = replace(backbone(SMALL), url="http://127.0.0.1:9/w-01234567.pth")
    said = "download of SqueezeNet 1.1 failed .*is there a network.*Try again .*upload its file.*cache .*a package"
    with pytest.raises(WeightsError, match=said):
        download(record)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    for offline in (True, False):
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", offline)
        with pytest.raises(
            WeightsError, match="download of BERT base, uncased failed .*is there a network.*upload its file"
        ):
            download(backbone("bert-base-uncased"))


def test_a_repository_of_hugging_face_s(hub, home, tmp_path):
    made = tmp_path / "made"
    whole = tiny("bert", made)
    (made / "pytorch_model.bin").write_bytes(b"the same in another format")
    (made / "README.md").write_text("not needed")
    hub.repository("somebody/tiny", made)
    record = resolve("somebody/tiny", home)
    assert weights_state(record, home).kind == "downloadable"
    told: list[tuple[int, int]] = []
    state = download(record, lambda done, total: told.append((done, total)))
    assert state.kind == "cached" and state.path.name == COMMIT
    names = {path.name for path in state.path.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= names
    assert not names & {"pytorch_model.bin", "README.md"}
    done = [done for done, _ in told]
    assert done == sorted(done) and told[-1][0] == told[-1][1] == sum((made / name).stat().st_size for name in names)
    ours = load_backbone(record, home=home).encoder.embeddings.word_embeddings.weight
    assert torch.equal(ours, whole.base_model.embeddings.word_embeddings.weight)


def test_a_name_that_hugging_face_does_not_know(hub, home):
    with pytest.raises(RecipeError, match="Hugging Face has no 'somebody/unheard-of'"):
        resolve("somebody/unheard-of", home)
    record = replace(backbone("bert-base-uncased"), hub_id="somebody/unheard-of")
    with pytest.raises(WeightsError, match="Hugging Face has no somebody/unheard-of that is open to everybody"):
        download(record)


def test_a_licence_comes_with_a_name(hub, home, tmp_path):
    tiny("gpt2", tmp_path / "made")
    hub.repository("somebody/licensed", tmp_path / "made", cardData={"license": "mit"})
    record = resolve("somebody/licensed", home)
    assert record.licence == "MIT" and record.file_size == (tmp_path / "made" / "model.safetensors").stat().st_size
