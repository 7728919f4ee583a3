"""The plain-PyTorch script that repeats a run: what of the recipe goes where in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from tlcore.data.augmentation import Augmentation
from tlcore.data.export import folder_names
from tlcore.errors import ExportError
from tlcore.export.catalogue import Tell
from tlcore.export.description import removed, write_tokenizer
from tlcore.export.files import requirements, save_model
from tlcore.export.repeat import (
    BALANCE,
    BODY,
    CACHED,
    DRAWN,
    FORWARD,
    IMAGES,
    LORA,
    MIXING,
    PATIENCE,
    POOLED,
    TEXTS,
    constants,
)
from tlcore.export.subject import Subject
from tlcore.export.variations import changes
from tlcore.features.inputs import TextInputs, image_preprocessing
from tlcore.strategies import Lora
from tlcore.zoo import Backbone, weights_state
from tlcore.zoo.model import load_backbone
from tlcore.zoo.networks import unpooled
from tlcore.zoo.pretrained import core

__all__ = ["MOST_LINES", "repeated", "script"]

MOST_LINES = 149
START = "start.safetensors"
"""The backbone's first weights, where nobody else has them."""
SCHEDULES: Mapping[str, str] = {
    "constant": "1.0",
    "linear": "1 - p",
    "cosine": "0.5 * (1 + math.cos(math.pi * p))",
    "one_cycle": "(0.04 + 0.48 * (1 - math.cos(math.pi * p / 0.3)) if p < 0.3 else "
    "0.5 * (1 + math.cos(math.pi * (p - 0.3) / 0.7)))",
}
OPTIMIZERS: Mapping[str, str] = {"adam": "torch.optim.Adam", "adamw": "torch.optim.AdamW", "sgd": "torch.optim.SGD"}


def script(subject: Subject) -> str:
    """The source.

    Raises:
        ExportError: it would be longer than a script that anybody reads.
    """
    recipe, record = subject.recipe, subject.record
    parts = [
        _heading(subject),
        _imports(subject),
        constants(_settings(subject)),
        "DATA = Path(sys.argv[1])\n"
        'device = torch.device("cuda" if torch.cuda.is_available() else "cpu")\n'
        "torch.manual_seed(SEED)\n",
        _inputs(subject),
        "\n\n" + _network(subject),
        _head(subject),
        _lora(subject) if isinstance(recipe.strategy, Lora) else "",
        f"model.to(device{', memory_format=torch.channels_last' if record.modality == 'image' else ''})\n",
        _mixing(recipe.augmentation, len(subject.classes)),
        _body(subject),
    ]
    made = "".join(parts)
    if (n := made.count("\n")) > MOST_LINES:
        raise ExportError(
            f"The script would have {n} lines, more than {MOST_LINES}: it has too many phases or classes."
        )
    return made


def _heading(subject: Subject) -> str:
    where = "train.csv, val.csv and test.csv" if subject.dataset.modality == "text" else "train/, val/ and test/"
    name = subject.name.replace("\\", "/").replace('"', "'")
    return (
        f'"""Repeats run {subject.run} ({name}) in plain PyTorch: `python train.py DATA`.\n\n'
        f"DATA is the unzipped export of its dataset {subject.dataset.id}, with {where}.\n"
        '"""\n\n'
    )


def _imports(subject: Subject) -> str:
    record = subject.record
    text, packaged = record.modality == "text", _start(subject) == "packaged"
    plain = ["csv", "json", "math", "re", "sys"] if text else ["json", "math", "sys"]
    library = "from transformers import AutoTokenizer" if text else "from torchvision.transforms import v2"
    lines = [
        f"import {', '.join(plain)}",
        "from collections import OrderedDict",
        "from fnmatch import fnmatchcase",
        *(["from importlib.util import find_spec"] if packaged else []),
        "from pathlib import Path\n",
        *([] if record.source == "torchvision" else [f"import {record.source}"]),
        "import torch",
        *(["from peft import LoraConfig, inject_adapter_in_model"] if subject.adapted else []),
        *([] if text else ["from PIL import Image, ImageOps"]),
        *(["from safetensors.torch import load_file"] if _start(subject) == "uploaded" else []),
        "from torch import nn",
        "from torch.nn import functional as F",
        *(["from torchvision import models"] if record.source == "torchvision" else []),
        library,
    ]
    return "\n".join(lines) + "\n\n"


def _settings(subject: Subject) -> dict[str, object]:
    recipe = subject.recipe
    phases = [
        {"name": phase.name, "epochs": phase.epochs, "warmup": phase.warmup, "lrs": _grouped(phase.lrs)}
        for phase in recipe.plan(subject.model)
    ]
    return {
        **_classes(subject),
        "PHASES": phases,
        "PLANNED": len(phases) - len(recipe.extensions),
        "BATCH": recipe.batch_size,
        "CLIP": recipe.clip,
        **({"PATIENCE": recipe.patience} if recipe.patience else {}),
        "WARMUP": recipe.schedule.warmup,
        "DECAY": recipe.optimizer.weight_decay,
        "FREEZE_NORMS": recipe.freezes_batch_norm(),
        "VIEWS": recipe.augmentation.views,
        "VARIED": recipe.augmentation.active,
        "SEED": recipe.seed,
    }


def _classes(subject: Subject) -> dict[str, object]:
    """Names in the order of the logits, and where the files of each lie."""
    names = list(subject.classes)
    if subject.dataset.modality == "text":
        return {"CLASSES": names}
    return {"CLASSES": names, "FOLDERS": list(folder_names(names))}


def _grouped(lrs: Mapping[str, float]) -> dict[str, float]:
    """Stages with the same rate as one pattern."""
    by_rate: dict[float, list[str]] = {}
    for pattern, lr in lrs.items():
        by_rate.setdefault(lr, []).append(pattern)
    return {"|".join(patterns): lr for lr, patterns in by_rate.items()}


def _inputs(subject: Subject) -> str:
    record, inputs = subject.record, subject.inputs
    if isinstance(inputs, TextInputs):
        return Template(TEXTS).substitute(
            tokenizer=_tokenizer(subject),
            names=list(record.tokens), empty=repr(inputs.empty), max_tokens=record.max_tokens,
            pooled=POOLED[record.pooling],
        )  # fmt: skip
    how = image_preprocessing(record)
    varied = changes(subject.recipe.augmentation, how) if subject.recipe.augmentation.active else ()
    return Template(IMAGES).substitute(
        changes=", ".join(varied), resize=[how.resize] * (2 if how.squash else 1), interpolation=how.interpolation,
        input_size=how.input_size, mean=list(how.mean), std=list(how.std),
    )  # fmt: skip


def _start(subject: Subject) -> str:
    """Where the first weights come from: packaged, uploaded, or the library's own download."""
    if not subject.recipe.strategy.pretrained:
        return "random"
    return weights_state(subject.record, subject.home).kind


def _package(record: Backbone) -> str:
    return f"Path(find_spec({record.package!r}).submodule_search_locations[0])"


def _tokenizer(subject: Subject) -> str:
    record = subject.record
    if _start(subject) == "packaged":
        return f'next({_package(record)}.rglob("tokenizer.json")).parent'
    return repr(record.hub_id) if _start(subject) == "cached" else 'Path(__file__).parent / "tokenizer"'


def _network(subject: Subject) -> str:
    make = {"timm": _timm, "torchvision": _torchvision, "transformers": _transformers}[subject.record.source]
    own = _start(subject) == "uploaded"
    return make(subject) + (f'backbone.load_state_dict(load_file(Path(__file__).parent / "{START}"))\n' if own else "")


def _timm(subject: Subject) -> str:
    record, start = subject.record, _start(subject)
    if start == "packaged":
        return (
            f"backbone = timm.create_model({record.architecture!r})\n"
            f'saved = torch.load(next({_package(record)}.rglob("*.pth")), weights_only=True)\n'
            "backbone.load_state_dict(dict(zip(backbone.state_dict(), saved.values())))  # its names are others\n"
            "backbone.reset_classifier(0)\n"
        )
    tagged = f"{record.architecture}.{record.weights}" if record.weights and "." not in record.architecture else ""
    name = (tagged or record.architecture) if start == "cached" else record.architecture
    return f"backbone = timm.create_model({name!r}, pretrained={start == 'cached'}, num_classes=0)\n"


def _torchvision(subject: Subject) -> str:
    record = subject.record
    weights = record.weights if _start(subject) == "cached" else None
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
    if _start(subject) in ("packaged", "cached"):
        where = _tokenizer(subject)
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


def _mixing(augmentation: Augmentation, n_classes: int) -> str:
    given = (("MixUp", augmentation.mixup), ("CutMix", augmentation.cutmix))
    kinds = [f"v2.{name}(alpha={alpha}, num_classes={n_classes})" for name, alpha in given if alpha]
    return Template(MIXING).substitute(kinds=", ".join(kinds)) if kinds else ""


def _body(subject: Subject) -> str:
    recipe = subject.recipe
    plain = not isinstance(recipe.strategy, Lora) and recipe.strategy.pretrained
    augmentation = recipe.augmentation
    weights = "weights.to(device)" if recipe.balance == "weights" else "None"
    step = _step(augmentation.mixes, recipe.accumulate, f"{weights}, label_smoothing={recipe.label_smoothing}")
    sampled = (
        "torch.multinomial(weights[y], len(y), True)" if recipe.balance == "sampling" else "torch.randperm(len(y))"
    )
    return Template(BODY).substitute(
        optimizer=OPTIMIZERS[recipe.optimizer.name],
        momentum=", momentum=0.9" if recipe.optimizer.name == "sgd" else "",
        schedule=SCHEDULES[recipe.schedule.name],
        pristine=plain,
        cacheable=not augmentation.mixes and bool(augmentation.views or not augmentation.active),
        order=sampled,
        balance=BALANCE if recipe.balance != "none" else "",
        patience=PATIENCE if recipe.patience else "",
        forward=_forward(subject, plain),
        update=f"\n{12 * ' '}".join(step),
    )


def _forward(subject: Subject, plain: bool) -> str:
    """With the features of a frozen backbone kept, where the run begins with one."""
    augmentation = subject.recipe.augmentation
    first = subject.recipe.plan(subject.model)[0]
    frozen = not any(pattern.startswith("backbone") for pattern in first.lrs)
    if not plain or not frozen or augmentation.mixes or (augmentation.active and not augmentation.views):
        return FORWARD
    told = "; of several views of a sample one is drawn" if augmentation.views else ""
    return Template(CACHED).substitute(told=told, drawn=DRAWN[augmentation.views > 0])


def _step(mixes: bool, accumulate: int, options: str) -> list[str]:
    """The lines that make gradients: of the whole batch, or of its parts one after another."""
    part = "part" if accumulate > 1 else "some"
    given = (
        [f'x, target = mix(inputs("train", {part}.tolist(), VARIED), y[{part}].to(device))',
         f"loss = F.cross_entropy(model(x), target, {options})"]
        if mixes
        else [f'loss = F.cross_entropy(forward("train", {part}, cached, True), y[{part}].to(device), {options})']
    )  # fmt: skip
    if accumulate == 1:
        return [*given, "loss.backward()"]
    lines = [*given, "(loss * len(part) / len(some)).backward()"]
    return [f"for part in some.split(math.ceil(BATCH / {accumulate})):", *(f"    {line}" for line in lines)]


def repeated(subject: Subject, folder: Path, root: Path, tell: Tell) -> Mapping[str, Any]:
    """The script, with what it needs installed."""
    made, record = script(subject), subject.record
    (folder / "train.py").write_text(made, encoding="utf-8")
    inputs = ("pillow", "torchvision") if record.modality == "image" else ()
    extra = ("peft",) if subject.adapted else ()
    packages = dict.fromkeys(("torch", *inputs, record.source, "safetensors", *extra))
    if _start(subject) == "packaged":
        packages[record.package.replace("_", "-")] = None
    requirements(folder / "requirements-train.txt", packages)
    if _start(subject) == "uploaded":
        save_model(load_backbone(record, home=subject.home), folder / START)
    if record.modality == "text" and _start(subject) not in ("packaged", "cached"):
        write_tokenizer(subject, folder / "tokenizer")
    n = made.count("\n")
    return {
        "words": f"{n} lines of torch and {record.source}. Its data: the export of dataset {subject.dataset.id} "
        f"(`python -m tlcore data {subject.dataset.id} --export data.zip`), unzipped.",
        "lines": n,
    }
