"""What is written without loading a model: the registry, the transforms of a script, the card, the hub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from torchvision.transforms import v2

from tlcore.data.augmentation import POLICIES, Augmentation, _changes
from tlcore.errors import ExportError
from tlcore.evaluation.significance import ROUGH_BELOW
from tlcore.export import FORMS, known, offered
from tlcore.export.card import card
from tlcore.export.guide import guide
from tlcore.export.huggingface import _loader
from tlcore.export.making import Made
from tlcore.export.subject import Fitted, Subject
from tlcore.export.variations import changes
from tlcore.features.inputs import image_preprocessing
from tlcore.zoo import backbone


def test_every_form_has_a_writer_and_words() -> None:
    assert len({form.name for form in FORMS}) == len(FORMS)
    for form in FORMS:
        module, _, name = form.writer.partition(":")
        assert callable(getattr(import_module(module), name)) and form.purpose.endswith(".") and form.use.endswith(".")
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
    assert "its confidence was not checked: it may be too sure or too unsure" in body
    few = {"name": "one", "precision": 0.9, "recall": 0.9, "f1": 0.9, "support": ROUGH_BELOW - 1}
    scores = {"n": 38, "accuracy": 0.9, "macro_f1": 0.9, "confusion": [[17, 2], [2, 17]],
              "per_class": [few, few | {"name": "two", "support": ROUGH_BELOW}]}  # fmt: skip
    fitted = Fitted(n=150, n_test=38, ece_raw=0.123, ece=0.045)
    scored = card(replace(subject, report=scores, temperature=1.5, fitted=fitted))
    assert "of accuracy by Wilson's formula, of macro-F1 by bootstrap" in scored
    assert f"fewer than {ROUGH_BELOW} test samples are rough: one." in scored
    assert "fitted on 150 val samples" in scored and "Fewer than 200 val samples" in scored
    assert "n = 38: the calibration error (ECE, 15 bins) is 4.5 % with it and 12.3 % without" in scored
    many = card(replace(subject, temperature=1.5, fitted=replace(fitted, n=200, n_test=0)))
    assert "Fewer than 200" not in many and "ECE" not in many and "as often right" not in many


def test_a_service_owns_up_to_what_it_does_not_know(trained: Callable[[str], Subject], tmp_path: Path) -> None:
    said = guide([Made(format="service", files={"serve.py": 1}, words="Made.")], trained("image"), tmp_path)
    assert "does not say when a sample is unlike the training data" in said and "`serve.py`" in said


def test_a_hugging_face_loader_divides_by_the_temperature() -> None:
    plain, cooled = _loader(1.0, trusting=True), _loader(1.75, trusting=False)
    assert "(logits / 1.75).softmax(1)" in cooled and "(logits / 1.0).softmax(1)" in plain
    for source in (plain, cooled):
        compile(source, "load.py", "exec")
        assert len(source.splitlines()) <= 12
