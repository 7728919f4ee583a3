"""What is written without loading a model: the registry, the transforms of a script, the card, the hub."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from torchvision.transforms import v2

from tlcore.data.augmentation import POLICIES, Augmentation, _changes
from tlcore.errors import ExportError
from tlcore.export import FORMS, known, offered
from tlcore.export.card import card
from tlcore.export.hub import push
from tlcore.export.subject import Subject
from tlcore.export.variations import changes
from tlcore.features.inputs import image_preprocessing
from tlcore.zoo import backbone


def test_every_form_has_a_writer_and_words() -> None:
    assert len({form.name for form in FORMS}) == len(FORMS)
    for form in FORMS:
        module, _, name = form.writer.partition(":")
        assert callable(getattr(import_module(module), name)) and form.purpose.endswith(".")
        assert all(need in {other.name for other in FORMS} for need in form.needs)
    assert known("merged", "text", "lora").name == "native"
    assert "adapter" not in {form.name for form in offered("text", "fine_tune")}
    with pytest.raises(ExportError, match="only a run with the strategy lora"):
        known("adapter", "image", "fine_tune")
    with pytest.raises(ExportError, match="There is no format 'tflite'"):
        known("tflite", "image", "fine_tune")


@pytest.mark.parametrize("policy", [policy for policy in POLICIES if policy != "none"])
def test_a_script_varies_images_as_training_does(policy: str) -> None:
    given: dict[str, Any] = (
        {"blur": 1.5, "perspective": 0.3, "shear": 5.0, "vertical_flip": 0.2} if policy == "own" else {}
    )
    augmentation = Augmentation(policy=policy, **given)
    how = image_preprocessing(backbone("efficientnet_lite0"))
    made = [eval(line, {"v2": v2}) for line in changes(augmentation, how)]
    assert list(map(repr, made)) == list(map(repr, _changes(augmentation, how)))


def test_a_card_has_a_head_that_the_hub_reads(trained: Callable[[str], Subject]) -> None:
    import yaml

    subject = trained("image")
    head, body = card(subject).split("---\n", 2)[1:]
    said = yaml.safe_load(head)
    assert said["license"] == "apache-2.0" and said["pipeline_tag"] == "image-classification"
    assert "\\<b\\>image\\</b\\>" in body and "<b>" not in body
    assert "| one, :red\\[1\\] | " in body and "## Limits" in body and 'backbone = "efficientnet_lite0"' in body


class Hub:
    """Keeps what it is given, or refuses."""

    def __init__(self, why: str = "") -> None:
        self.why, self.repositories, self.files = why, dict[str, bool](), dict[str, bytes]()

    def create_repo(self, repo_id: str, *, private: bool, exist_ok: bool) -> None:
        if self.why:
            raise ValueError(self.why)
        self.repositories[repo_id] = private

    def upload_folder(self, *, repo_id: str, folder_path: str, commit_message: str) -> None:
        found = [path for path in Path(folder_path).rglob("*") if path.is_file()]
        self.files = {path.relative_to(folder_path).as_posix(): path.read_bytes() for path in found}


def test_files_go_to_the_hub_and_the_token_nowhere(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("weights")
    files, hub = {"sub/model.bin": tmp_path / "a"}, Hub()
    where = push(files, "me/mine", token="hf_secret", message="Run 1", api=hub)
    assert where == "https://huggingface.co/me/mine"
    assert hub.repositories == {"me/mine": True} and hub.files == {"sub/model.bin": b"weights"}
    with pytest.raises(ExportError) as refused:
        push(files, "me/mine", token="hf_secret", message="", api=Hub("401 for hf_secret"))
    assert "401 for ***" in str(refused.value) and "hf_secret" not in str(refused.value)
    with pytest.raises(ExportError, match="A repository is called OWNER/NAME"):
        push(files, "../x", token="t", message="", api=hub)
    with pytest.raises(ExportError, match="wants a token"):
        push(files, "me/mine", token=" ", message="", api=hub)
