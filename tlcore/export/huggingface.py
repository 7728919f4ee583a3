"""A folder for the Hugging Face hub, which `AutoModelForSequenceClassification` reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from tlcore.export.catalogue import Tell
from tlcore.export.check import compared
from tlcore.export.description import write_tokenizer
from tlcore.export.files import copy, requirements
from tlcore.export.subject import Subject
from tlcore.zoo.networks import unpooled
from tlcore.zoo.pretrained import core

if TYPE_CHECKING:
    from tlcore.zoo.model import Inputs

__all__ = ["fits_library", "huggingface"]

CODE = "modeling_classifier.py"


def fits_library(subject: Subject) -> bool:
    """Whether the library has this very head: of DistilBERT's, first token - Linear - ReLU - Linear."""
    record = subject.record
    plain = record.architecture == "DistilBertModel" and record.pooling == "first"
    return plain and subject.recipe.head.hidden == (record.n_features,)


def huggingface(subject: Subject, folder: Path, root: Path, tell: Tell) -> Mapping[str, Any]:
    """The folder, loaded again before it is offered."""
    library = fits_library(subject)
    tell(0.1, "writing the folder")
    model = _as_library(subject) if library else _with_code(subject)
    _name_classes(subject, model.config)
    model.save_pretrained(folder)
    write_tokenizer(subject, folder)
    _say_length(subject, folder)
    if not library:
        copy((CODE,), folder)
        _map_code(folder)
    (folder / "load.py").write_text(_loader(subject.temperature, trusting=not library), encoding="utf-8")
    requirements(folder / "requirements.txt", ("torch", "transformers", "safetensors"))
    tell(0.6, "loading it again and comparing logits")
    check = compared(subject, _reading(folder, subject, library), "The Hugging Face folder")
    how = (
        "AutoModelForSequenceClassification reads it as the library's own class."
        if library
        else f"AutoModelForSequenceClassification reads it with trust_remote_code=True: no class of the library pools "
        f"and classifies this way, so {CODE} goes along, and load.py is ten lines that use it."
    )
    return {"words": f"{how} {check.sentence('transformers')}", "library": library,
            "max_difference": check.max_difference}  # fmt: skip


def _as_library(subject: Subject) -> Any:
    import transformers

    merged = subject.merged()
    config: Any = core(merged.backbone).config
    config = type(config)(**{**config.to_dict(), "num_labels": len(subject.classes)})
    model = transformers.DistilBertForSequenceClassification(config)
    model.distilbert.load_state_dict(core(merged.backbone).state_dict())
    first, last = (module for module in merged.head.children() if isinstance(module, nn.Linear))
    model.pre_classifier.load_state_dict(first.state_dict())
    model.classifier.load_state_dict(last.state_dict())
    return model.train(False)


def _with_code(subject: Subject) -> Any:
    from tlcore.export.standalone.modeling_classifier import ClassifierConfig, PooledClassifier

    merged, head = subject.merged(), subject.recipe.head
    encoder: Any = core(merged.backbone)
    config = ClassifierConfig(
        encoder=json.loads(encoder.config.to_json_string(use_diff=False)),
        pooling=subject.record.pooling,
        hidden=head.hidden,
        dropout=head.dropout,
        settings=unpooled(type(encoder)),
        num_labels=len(subject.classes),
    )
    config.architectures = [PooledClassifier.__name__]
    model = PooledClassifier(config)
    model.encoder.load_state_dict(encoder.state_dict())
    model.head.load_state_dict(merged.head.state_dict())
    return model.train(False)


def _name_classes(subject: Subject, config: Any) -> None:
    config.id2label = dict(enumerate(subject.classes))
    config.label2id = {name: i for i, name in enumerate(subject.classes)}


def _map_code(folder: Path) -> None:
    """Where transformers finds the classes."""
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    module = CODE.removesuffix(".py")
    config["auto_map"] = {
        "AutoConfig": f"{module}.ClassifierConfig",
        "AutoModelForSequenceClassification": f"{module}.PooledClassifier",
    }
    path.write_text(json.dumps(config, indent=1, ensure_ascii=False), encoding="utf-8")


def _say_length(subject: Subject, folder: Path) -> None:
    """Pipelines cut texts at what the tokenizer says; its own file may say more than the training used."""
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config |= {"model_max_length": subject.record.max_tokens, "model_input_names": list(subject.record.tokens)}
    path.write_text(json.dumps(config, indent=1, ensure_ascii=False), encoding="utf-8")


def _reading(folder: Path, subject: Subject, library: bool) -> Any:
    """In this process without running code from the folder: the classes that it holds a copy of."""
    import transformers

    from tlcore.export.standalone.modeling_classifier import PooledClassifier

    kind: Any = transformers.AutoModelForSequenceClassification if library else PooledClassifier
    model = kind.from_pretrained(folder, local_files_only=True).eval()

    def run(x: Inputs) -> Tensor:
        assert not isinstance(x, Tensor)
        with torch.inference_mode():
            logits: Tensor = model(**x).logits
            return logits

    return run


def _loader(temperature: float, *, trusting: bool) -> str:
    trust = ", trust_remote_code=True" if trusting else ""
    return f'''"""`python load.py "a text" ...` prints the class of each text, and how probable it is."""
import sys

from transformers import AutoModelForSequenceClassification, AutoTokenizer

all(map(str.strip, sys.argv[1:] or [""])) or sys.exit("A text is empty; give each as a word in quotes.")
tokenizer = AutoTokenizer.from_pretrained("."{trust})
model = AutoModelForSequenceClassification.from_pretrained("."{trust}).eval()
logits = model(**tokenizer(sys.argv[1:], padding=True, truncation=True, return_tensors="pt")).logits
scores = (logits / {temperature!r}).softmax(1)  # the temperature that was fitted on validation data, 1 without
for text, (share, i) in zip(sys.argv[1:], zip(*scores.max(1))):
    print(f"{{share:.4f}}\\t{{model.config.id2label[int(i)]}}\\t{{text}}")
'''
