"""Public datasets, from a server on this machine: whole, checked, resumed, with their own splits and class names."""

import gzip
import hashlib
import inspect
import io
import pickle
import struct
import tarfile

import numpy as np
import pytest
from torchvision import datasets

from tests.data.bringing import encoded, pictures
from tests.data.serving import serving
from tlcore.data import resolve
from tlcore.data.public import PUBLIC, pinned
from tlcore.data.publishing import add_public
from tlcore.errors import DataError


@pytest.fixture
def server():
    with serving() as served:
        yield served


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def packed(files: dict[str, bytes], mode: str = "w:gz") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


@pytest.fixture
def cifar(server, monkeypatch):
    """CIFAR-10 with 12 images to train on and 6 to test, as its own files are laid out."""
    pixels = np.random.default_rng(3).integers(0, 256, (18, 3072), dtype=np.uint8)

    def batch(rows: range) -> bytes:
        return pickle.dumps({"data": pixels[rows.start : rows.stop], "labels": [row % 3 for row in rows]})

    files = {"data_batch_1": batch(range(12)), "test_batch": batch(range(12, 18))}
    files["batches.meta"] = pickle.dumps({"label_names": ["cat", "a/b", "<i>ship</i>"]})
    content = packed({f"cifar-10-batches-py/{name}": data for name, data in files.items()})
    server.files["/cifar.tar.gz"] = content
    loader = datasets.CIFAR10
    monkeypatch.setattr(loader, "url", f"{server.address}/cifar.tar.gz")
    monkeypatch.setattr(loader, "tgz_md5", md5(content))
    monkeypatch.setattr(loader, "train_list", [["data_batch_1", md5(files["data_batch_1"])]])
    monkeypatch.setattr(loader, "test_list", [["test_batch", md5(files["test_batch"])]])
    monkeypatch.setattr(loader, "meta", loader.meta | {"md5": md5(files["batches.meta"])})
    return pixels


def test_one_with_arrays_keeps_its_splits_and_names(server, cifar, home):
    told: list[tuple[float, str]] = []
    dataset = add_public("cifar10", home, lambda share, words: told.append((share, words)))
    assert dataset.source == "public:cifar10" and dataset.name == "CIFAR-10" and dataset.split is None
    assert dataset.classes == ("<i>ship</i>", "a/b", "cat") and "licence: not known here" in dataset.note
    assert dataset.counts()["test"].tolist() == [2, 2, 2] and dataset.n_samples == 18
    assert dataset.counts()[["train", "val"]].sum(axis="columns").tolist() == [4, 4, 4]
    assert dataset.counts()["val"].min() >= 1, "val comes from train"
    shown = {np.asarray(dataset.sample(row)).transpose(2, 0, 1).tobytes() for row in range(18)}
    assert shown == {row.tobytes() for row in cifar}
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and told[-1] == (1.0, "checking 18 of 18 images")
    assert not list((home / "incoming").iterdir())
    assert resolve("public:cifar10", home).id == dataset.id
    assert len(server.asked) == 1, "what is here is not fetched again"


def test_what_broke_off_goes_on(server, cifar, home):
    server.cut = True
    with pytest.raises(DataError, match=r"download of http.*cifar.tar.gz failed \(.*is there a network.*goes on from"):
        add_public("cifar10", home)
    server.cut = False
    assert add_public("cifar10", home).n_samples == 18
    half = len(server.files["/cifar.tar.gz"]) // 2
    assert server.asked == ["/cifar.tar.gz", f"/cifar.tar.gz bytes={half}-"]


def test_a_changed_file_is_refused_before_anything_reads_it(server, cifar, home, monkeypatch):
    monkeypatch.setattr(datasets.CIFAR10, "tgz_md5", "0" * 32)
    monkeypatch.setattr(pickle, "load", lambda *_, **__: pytest.fail("was unpickled"))
    with pytest.raises(DataError, match=f"is not the published file: its MD5 is [0-9a-f]{{32}}, not {'0' * 32}"):
        add_public("cifar10", home)
    assert {path.name for path in home.rglob("*") if path.is_file()} == {"lock"}


def test_a_cancelled_one_leaves_no_dataset(server, cifar, home):
    def stop(share: float, words: str) -> None:
        if words.startswith("checking"):
            raise KeyError("cancelled")

    with pytest.raises(KeyError):
        add_public("cifar10", home, stop)
    assert not (home / "datasets").exists()
    assert add_public("cifar10", home).n_samples == 18 and len(server.asked) == 1


def test_files_are_kept_as_they_were_and_mirrors_are_tried(server, home, monkeypatch):
    rows = np.random.default_rng(4).integers(0, 256, (8, 28, 28), dtype=np.uint8)
    images = struct.pack(">IIII", 2051, 8, 28, 28) + rows.tobytes()
    labels = struct.pack(">II", 2049, 8) + bytes([0, 1] * 4)
    resources = []
    for split in ("train", "t10k"):
        turned = images if split == "train" else images[:16] + (255 - rows).tobytes()
        for kind, content in (("images-idx3", turned), ("labels-idx1", labels)):
            name, data = f"{split}-{kind}-ubyte.gz", gzip.compress(content)
            server.files[f"/good/{name}"] = data
            resources.append((name, md5(data)))
    monkeypatch.setattr(datasets.FashionMNIST, "resources", resources)
    monkeypatch.setattr(datasets.FashionMNIST, "mirrors", [f"{server.address}/gone/", f"{server.address}/good/"])
    dataset = add_public("fashion-mnist", home)
    assert dataset.classes == ("T-shirt/top", "Trouser") and dataset.counts()["test"].tolist() == [4, 4]
    assert dataset.note.endswith("licence: MIT.")


def test_one_of_image_files_keeps_their_bytes(server, home, monkeypatch):
    drawn = pictures(3, ("banded", "dotted"), around="dtd/images/")
    files = {name.replace(".png", ".jpg"): content for name, content in drawn.items()}
    for place, split in enumerate(("train", "val", "test")):
        files[f"dtd/labels/{split}1.txt"] = f"banded/{place}.jpg\ndotted/{place}.jpg\n".encode()
    content = packed(files)
    server.files["/dtd.tar.gz"] = content
    monkeypatch.setattr(datasets.DTD, "_URL", f"{server.address}/dtd.tar.gz")
    monkeypatch.setattr(datasets.DTD, "_MD5", md5(content))
    dataset = add_public("dtd", home)
    assert dataset.counts()[["train", "val", "test"]].to_numpy().tolist() == [[1, 1, 1], [1, 1, 1]]
    assert set(dataset.manifest()["digest"]) == {hashlib.sha256(data).hexdigest()[:32] for data in drawn.values()}
    assert encoded(dataset.sample(0))[:4] == b"\x89PNG"


def test_without_a_network_one_sentence_says_so(home, monkeypatch):
    monkeypatch.setattr(datasets.CIFAR10, "url", "http://127.0.0.1:9/cifar.tar.gz")
    with pytest.raises(DataError, match=r"127.0.0.1:9/cifar.tar.gz failed \(.*refused\): is there a network\?"):
        resolve("public:cifar10", home)
    with pytest.raises(DataError, match="no public dataset 'nothing' here; there are cifar10, cifar100, mnist"):
        resolve("public:nothing", home)


@pytest.mark.parametrize("record", PUBLIC, ids=lambda record: record.name)
def test_every_record_s_files_are_pinned_by_the_installed_library(record):
    loader = getattr(datasets, record.loader)
    accepted = inspect.signature(loader).parameters
    source = inspect.getsource(inspect.getmodule(loader))
    assert record.n_classes > 1 and record.n_samples > record.n_classes and record.homepage.startswith("http")
    for how in record.splits.values():
        assert set(how) | set(record.options) <= set(accepted)
    for file in pinned(record):
        assert len(file.md5) == 32 and file.md5 in source and file.urls
        assert all(url.startswith("http") for url in file.urls)


def test_no_two_records_share_a_name():
    assert len({record.name for record in PUBLIC}) == len(PUBLIC)
