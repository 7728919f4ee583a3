"""The first lines of a network in a script: the backbone with the weights that it starts from, the head, adapters."""

from __future__ import annotations

from string import Template
from typing import Any

from tlcore.export.description import removed
from tlcore.export.repeat import LORA
from tlcore.export.subject import Subject
from tlcore.strategies import Lora
from tlcore.zoo import Backbone, weights_state
from tlcore.zoo.networks import unpooled
from tlcore.zoo.pretrained import core

__all__ = ["START", "begun", "origin", "tokenizer"]

START = "start.safetensors"
"""The backbone's first weights, where nobody else has them."""


def origin(subject: Subject) -> str:
    """Where the first weights come from: `packaged`, `uploaded`, `cached` (the library's own download), `random`."""
    if not subject.recipe.strategy.pretrained:
        return "random"
    return weights_state(subject.record, subject.home).kind


def tokenizer(subject: Subject) -> str:
    """Where a script reads it, as an expression."""
    record = subject.record
    if origin(subject) == "packaged":
        return f'next({_package(record)}.rglob("tokenizer.json")).parent'
    return repr(record.hub_id) if origin(subject) == "cached" else 'Path(__file__).parent / "tokenizer"'


def begun(subject: Subject) -> str:
    """Lines that make `model` of a backbone, a head and what adapters there are."""
    make = {"timm": _timm, "torchvision": _torchvision, "transformers": _transformers}[subject.record.source]
    own = origin(subject) == "uploaded"
    return (
        make(subject)
        + (f'backbone.load_state_dict(load_file(Path(__file__).parent / "{START}"))\n' if own else "")
        + _head(subject)
        + (_lora(subject) if isinstance(subject.recipe.strategy, Lora) else "")
    )


def _package(record: Backbone) -> str:
    return f"Path(find_spec({record.package!r}).submodule_search_locations[0])"


def _timm(subject: Subject) -> str:
    record, kind = subject.record, origin(subject)
    if kind == "packaged":
        return (
            f"backbone = timm.create_model({record.architecture!r})\n"
            f'saved = torch.load(next({_package(record)}.rglob("*.pth")), weights_only=True)\n'
            "backbone.load_state_dict(dict(zip(backbone.state_dict(), saved.values())))  # its names are others\n"
            "backbone.reset_classifier(0)\n"
        )
    tagged = f"{record.architecture}.{record.weights}" if record.weights and "." not in record.architecture else ""
    name = (tagged or record.architecture) if kind == "cached" else record.architecture
    return f"backbone = timm.create_model({name!r}, pretrained={kind == 'cached'}, num_classes=0)\n"


def _torchvision(subject: Subject) -> str:
    record = subject.record
    weights = record.weights if origin(subject) == "cached" else None
    nothing, absent = removed(record)
    lines = [f"backbone = models.get_model({record.architecture!r}, weights={weights!r})"]
    lines += [f"backbone.set_submodule({name!r}, nn.Identity())" for name in nothing]
    lines += [f"backbone.{name} = None" for name in absent] + (["backbone.aux_logits = False"] if absent else [])
    return "\n".join(lines) + "\n"


def _transformers(subject: Subject) -> str:
    record = subject.record
    encoder: Any = core(subject.model.backbone)
    kind = f"transformers.{record.architecture}"
    extra = "".join(f", {name}={value}" for name, value in unpooled(type(encoder)).items())
    if origin(subject) in ("packaged", "cached"):
        where = tokenizer(subject)
        return f'backbone = Encoder({kind}.from_pretrained({where}, attn_implementation="sdpa"{extra}))\n'
    config = ", ".join(f"{name}={value!r}" for name, value in record.config.items())
    return f"backbone = Encoder({kind}({kind}.config_class({config}){extra}))\n"


def _head(subject: Subject) -> str:
    record, head = subject.record, subject.recipe.head
    widths = (record.n_features, *head.hidden)
    layers = [
        f"nn.Dropout({rate}), nn.Linear({wide}, {narrow})"
        for rate, wide, narrow in zip(head.dropout, widths, (*head.hidden, len(subject.classes)), strict=True)
    ]
    joined = ", nn.ReLU(), ".join(layers)
    return f"head = nn.Sequential({joined})\nmodel = nn.Sequential(OrderedDict(backbone=backbone, head=head))\n"


def _lora(subject: Subject) -> str:
    adapter: Any = subject.model.backbone
    settings, targets = subject.recipe.strategy, adapter.peft_config["default"].target_modules
    assert isinstance(settings, Lora)
    return Template(LORA).substitute(
        rank=settings.rank, alpha=settings.alpha, dropout=settings.dropout, rslora=settings.rslora, dora=settings.dora,
        adapted=repr(targets),
    )  # fmt: skip
