"""What people bring is checked key by key, in the wrappings that training scripts put around it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torchvision import models

from tlcore.errors import WeightsError
from tlcore.zoo import backbone, weights_state
from tlcore.zoo.report import WrongShape
from tlcore.zoo.uploads import examine, largest, upload
from tlcore.zoo.weights import uploaded_file

SMALL = "squeezenet1_1"
N = 50
"""Tensors of its backbone."""


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(7)
    return models.get_model(SMALL, weights=None).state_dict()


def saved(tmp_path: Path, what: object, name: str = "w.pth") -> Path:
    torch.save(what, tmp_path / name)
    return tmp_path / name


WRAPPINGS = {
    "bare": lambda s: s,
    "a script's checkpoint": lambda s: {"epoch": 3, "state_dict": s, "optimizer": {"lr": torch.tensor(0.1)}},
    "model inside": lambda s: {"model": {"state_dict": s}},
    "DataParallel": lambda s: {"state_dict": {f"module.{name}": value for name, value in s.items()}},
    "compiled": lambda s: {f"_orig_mod.{name}": value for name, value in s.items()},
    "a part of a larger network": lambda s: {**{f"net.trunk.{k}": v for k, v in s.items()}, "loss.w": torch.ones(2)},
    "one of our own runs": lambda s: {f"backbone.{k}": v for k, v in s.items() if k != "classifier.1.bias"},
    "half precision": lambda s: {name: value.half() for name, value in s.items()},
    "other classes": lambda s: (
        s | {"classifier.1.weight": torch.zeros(7, 512, 1, 1), "classifier.1.bias": torch.zeros(7)}
    ),
    "no classifier": lambda s: {name: value for name, value in s.items() if not name.startswith("classifier")},
}


@pytest.mark.parametrize("wrap", WRAPPINGS.values(), ids=WRAPPINGS)
def test_wrappings(wrap, state, tmp_path, home):
    report = upload(backbone(SMALL), saved(tmp_path, wrap(state)), home)
    assert report.fits and len(report.matched) == N and not (report.missing or report.wrong)
    assert set(report.classifier) <= {"classifier.1.weight", "classifier.1.bias"}
    kept = load_file(uploaded_file(backbone(SMALL), home))
    assert set(kept) == set(report.matched)
    for name, value in kept.items():
        assert value.dtype == torch.float32 and torch.allclose(value, state[name], atol=1e-3)
    assert weights_state(backbone(SMALL), home).kind == "uploaded"


def test_safetensors(state, tmp_path, home):
    save_file(state, tmp_path / "w.safetensors")
    report = upload(backbone(SMALL), tmp_path / "w.safetensors", home)
    assert report.sentence() == "'w.safetensors' has all 50 tensors of SqueezeNet 1.1. 2 others are left out."


def test_the_report_names_every_key(state, tmp_path, home):
    given = dict(state)
    del given["features.12.squeeze.bias"]
    given["features.0.weight"] = torch.zeros(64, 3, 7, 7)
    given["extra"] = torch.zeros(1)
    report = examine(backbone(SMALL), saved(tmp_path, given))
    assert not report.fits
    assert report.missing == ("features.12.squeeze.bias",)
    assert report.wrong == (WrongShape(name="features.0.weight", in_file=(64, 3, 7, 7), in_network=(64, 3, 3, 3)),)
    assert report.unexpected == ("extra",) and len(report.matched) == N - 2
    assert report.classifier == ("classifier.1.weight", "classifier.1.bias")
    refused = (
        "'w.pth' does not fit SqueezeNet 1.1: 48 of its 50 tensors match, 1 have another shape. features.0.weight is "
        "64 x 3 x 7 x 7 in the file and 64 x 3 x 3 x 3 in the network. Is it the state dict of another model?"
    )
    with pytest.raises(WeightsError) as error:
        upload(backbone(SMALL), tmp_path / "w.pth", home)
    assert str(error.value) == refused
    assert not uploaded_file(backbone(SMALL), home).exists()


def test_another_model_is_refused(tmp_path, home):
    path = saved(tmp_path, nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).state_dict())
    with pytest.raises(WeightsError, match="does not fit SqueezeNet 1.1: 0 of its 50 tensors match, 50 are missing"):
        upload(backbone(SMALL), path, home)


def test_a_larger_network_of_the_same_family_is_refused(tmp_path, home):
    path = saved(tmp_path, models.resnet34().state_dict())
    with pytest.raises(
        WeightsError, match="120 of its 120 tensors match, but 96 more have no place in it, such as layer1.2"
    ):
        upload(backbone("resnet18"), path, home)
    assert weights_state(backbone("resnet18"), home).kind != "uploaded"


def test_batch_norm_statistics_count_and_their_counter_does_not(tmp_path, home):
    state = models.get_model("shufflenet_v2_x0_5", weights=None).state_dict()
    old = {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}
    assert examine(backbone("shufflenet_v2_x0_5"), saved(tmp_path, old)).fits
    bare = {name: value for name, value in old.items() if "running" not in name}
    report = examine(backbone("shufflenet_v2_x0_5"), saved(tmp_path, bare))
    assert not report.fits and len(report.missing) == 2 * 56


def test_auxiliary_classifiers_are_left_out(tmp_path):
    state = models.get_model("googlenet", weights=None, init_weights=False).state_dict()
    report = examine(backbone("googlenet"), saved(tmp_path, state))
    assert report.fits and any(name.startswith("aux1.") for name in report.classifier) and not report.unexpected


def test_numbers_that_are_none_are_refused(state, tmp_path, home):
    state = state | {"features.0.bias": torch.full_like(state["features.0.bias"], torch.nan)}
    with pytest.raises(WeightsError, match="values in features.0.bias that are not numbers"):
        upload(backbone(SMALL), saved(tmp_path, state), home)


class Harmful:
    def __reduce__(self):
        return (Path.touch, (Path("/tmp/never"),))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: saved(folder, {"a": Harmful()}), "holds more than tensors, which is refused"),
        (lambda folder: saved(folder, nn.Linear(2, 2)), "holds more than tensors, which is refused"),
        (lambda folder: saved(folder, [1, 2]), "holds no state dict"),
        (lambda folder: saved(folder, {"epoch": 1}), "holds no state dict"),
        (lambda folder: saved(folder, {}, "w.zip"), "it takes .safetensors, .pt, .pth or .bin"),
        (lambda folder: folder / "absent.pt", "Cannot read 'absent.pt'"),
        (lambda folder: written(folder / "w.safetensors", b"\x00" * 100), "cannot be read as weights"),
        (lambda folder: written(folder / "w.pt", zipped()), "cannot be read as weights"),
    ],
    ids=["code", "a module", "a list", "no tensors", "a zip", "no file", "no safetensors", "another zip"],
)
def test_files_of_something_else(make, said, tmp_path, home):
    with pytest.raises(WeightsError) as error:
        upload(backbone(SMALL), make(tmp_path), home)
    assert said in str(error.value) and not (home / "weights").exists()


def test_a_file_that_is_far_too_large_is_not_read(tmp_path, home):
    path = tmp_path / "w.pt"
    with path.open("wb") as file:
        file.truncate(largest(backbone(SMALL)) + 1)
    with pytest.raises(WeightsError, match=r"'w.pt' has 288 MB, and weights of SqueezeNet 1.1 have at most 288 MB"):
        upload(backbone(SMALL), path, home)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a/b.txt", "no tensors")
    return buffer.getvalue()
