"""The plain-PyTorch script that repeats a run: what of the recipe goes where in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from textwrap import fill
from typing import Any

from tlcore.data.dataset import content_folder
from tlcore.data.export import folder_names
from tlcore.errors import ExportError
from tlcore.export.catalogue import Tell
from tlcore.export.course import approximated, casts, course, phases, wild
from tlcore.export.description import write_tokenizer
from tlcore.export.files import requirements, save_model, write_json
from tlcore.export.loop import CAST, DTYPES
from tlcore.export.repeat import DEEP, IMAGES, MIDDLE, PADDING, POOLED, TEXTS, WIDTH, constants
from tlcore.export.start import START, begun, origin, tokenizer
from tlcore.export.subject import Subject
from tlcore.export.variations import changes
from tlcore.features.inputs import TextInputs, image_preprocessing
from tlcore.zoo.model import load_backbone

__all__ = ["MOST_LINES", "Script", "repeated", "script"]

MOST_LINES = 149
SETTINGS = "settings.json"
LOOKED_AT = 256
"""Images whose headers say whether a dataset has any of more than 8 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script, and what it reads."""

    source: str
    settings: Mapping[str, object] = field(default_factory=dict)
    """Classes and phases, where they are too many to stand at its top: they lie beside it as JSON."""

    @property
    def lines(self) -> int:
        """Of the source."""
        return self.source.count("\n")


def script(subject: Subject) -> Script:
    """The source, with what is too long for it aside.

    Raises:
        ExportError: it would still be longer than a script that anybody reads.
    """
    large, small = _lists(subject), _numbers(subject)
    whole = Script(source=_written(subject, constants(large | small)))
    if whole.lines <= MOST_LINES:
        return whole
    there = f'{", ".join(large)} = json.loads((Path(__file__).parent / "{SETTINGS}").read_text("utf-8")).values()\n'
    made = Script(source=_written(subject, there + constants(small)), settings=large)
    if made.lines > MOST_LINES:
        raise ExportError(f"The script would have {made.lines} lines, more than {MOST_LINES}: too much is switched on.")
    return made


def _written(subject: Subject, settings: str) -> str:
    image = subject.record.modality == "image"
    return "".join(
        (
            _heading(subject),
            _imports(subject),
            settings,
            "DATA = Path(sys.argv[1])\n"
            'device = torch.device("cuda" if torch.cuda.is_available() else "cpu")\n'
            "torch.manual_seed(SEED)\n",
            Template(CAST).substitute(dtype=DTYPES[subject.recipe.precision]) if casts(subject) else "",
            _inputs(subject),
            "\n\n" + begun(subject),
            f"model.to(device{', memory_format=torch.channels_last' if image else ''})\n",
            course(subject),
        )
    )


def _heading(subject: Subject) -> str:
    where = "train.csv, val.csv and test.csv" if subject.dataset.modality == "text" else "train/, val/ and test/"
    name = subject.name.replace("\\", "/").replace('"', "'")
    early = [f"The run itself was stopped early, in epoch {subject.stopped}; this goes on to the planned end."]
    others = [
        "Random numbers are drawn in another order than in the run, so its scores agree within noise.",
        *(early if subject.stopped else []),
        *approximated(subject),
    ]
    about = [f"DATA is the unzipped export of its dataset {subject.dataset.id}, with {where}.", *others]
    return (
        f'"""Repeats run {subject.run} ({name}) in plain PyTorch: `python train.py DATA`.\n\n'
        + fill(" ".join(about), WIDTH)
        + '\n"""\n\n'
    )


def _imports(subject: Subject) -> str:
    record, start = subject.record, origin(subject)
    text = record.modality == "text"
    plain = ["csv", "json", "math", "re", "sys"] if text else ["json", "math", "sys"]
    library = "from transformers import AutoTokenizer" if text else "from torchvision.transforms import v2"
    lines = [
        f"import {', '.join(plain)}",
        "from collections import OrderedDict",
        *(["from fnmatch import fnmatchcase"] if wild(subject) else []),
        *(["from importlib.util import find_spec"] if start == "packaged" else []),
        "from pathlib import Path\n",
        *(["import numpy as np"] if _deep(subject) else []),
        *([] if record.source == "torchvision" else [f"import {record.source}"]),
        "import torch",
        *(["from peft import LoraConfig, inject_adapter_in_model"] if subject.adapted else []),
        *([] if text else ["from PIL import Image, ImageOps"]),
        *(["from safetensors.torch import load_file"] if start == "uploaded" else []),
        "from torch import nn",
        "from torch.nn import functional as F",
        *(["from torchvision import models"] if record.source == "torchvision" else []),
        library,
    ]
    return "\n".join(lines) + "\n\n"


def _lists(subject: Subject) -> dict[str, object]:
    """Names in the order of the logits, where the files of each lie, and what trains when."""
    names = list(subject.classes)
    folders = {} if subject.dataset.modality == "text" else {"FOLDERS": list(folder_names(names))}
    return {"CLASSES": names, **folders, "PHASES": phases(subject)}


def _numbers(subject: Subject) -> dict[str, object]:
    recipe = subject.recipe
    return {
        "PLANNED": len(recipe.plan(subject.model)) - len(recipe.extensions),
        "BATCH": recipe.batch_size,
        **({"CLIP": recipe.clip} if recipe.clip else {}),
        **({"PATIENCE": recipe.patience} if recipe.patience else {}),
        "WARMUP": recipe.schedule.warmup,
        "DECAY": recipe.optimizer.weight_decay,
        **({"VIEWS": recipe.augmentation.views} if recipe.augmentation.views else {}),
        "VARIED": recipe.augmentation.active,
        "SEED": recipe.seed,
    }


def _inputs(subject: Subject) -> str:
    record, inputs = subject.record, subject.inputs
    if isinstance(inputs, TextInputs):
        return Template(TEXTS).substitute(
            tokenizer=tokenizer(subject),
            names=list(record.tokens), empty=repr(inputs.empty), max_tokens=record.max_tokens,
            pooled=POOLED[record.pooling], padding="" if _pads(subject) else PADDING,
        )  # fmt: skip
    how = image_preprocessing(record)
    varied = subject.recipe.augmentation.active
    made = ", ".join(changes(subject.recipe.augmentation, how))
    return Template(IMAGES).substitute(
        vary=f"vary = v2.Compose([{made}])\n" if varied else "", shown="vary(image) if varied else " if varied else "",
        resize=[how.resize] * (2 if how.squash else 1), interpolation=how.interpolation,
        input_size=how.input_size, mean=list(how.mean), std=list(how.std),
        deep=DEEP if _deep(subject) else "", middle="" if how.squash else MIDDLE,
    )  # fmt: skip


def _pads(subject: Subject) -> bool:
    """Whether the library's tokenizer has a token to fill texts up with; those of decoders have none."""
    reader = subject.inputs
    return isinstance(reader, TextInputs) and reader.tokenizer.pad_token != reader.tokenizer.eos_token


def _deep(subject: Subject) -> bool:
    """Whether images of more than 8 bits are in the dataset, as far as some of all its files show."""
    from PIL import Image

    dataset = subject.dataset
    if dataset.modality != "image":
        return False
    folder = content_folder(dataset.home, dataset.content) / "files"
    names = dataset.manifest()["sample"]
    for name in names.iloc[:: max(1, len(names) // LOOKED_AT)]:
        with Image.open(folder / str(name)) as image:
            if image.mode[0] in "IF":
                return True
    return False


def repeated(subject: Subject, folder: Path, root: Path, tell: Tell) -> Mapping[str, Any]:
    """The script, with what it needs installed."""
    made, record, start = script(subject), subject.record, origin(subject)
    (folder / "train.py").write_text(made.source, encoding="utf-8")
    if made.settings:
        write_json(folder / SETTINGS, made.settings)
    inputs = ("pillow", "torchvision") if record.modality == "image" else ()
    extra = ("peft",) if subject.adapted else ()
    packages = dict.fromkeys(("torch", *inputs, record.source, "safetensors", *extra))
    if start == "packaged":
        packages[record.package.replace("_", "-")] = None
    requirements(folder / "requirements-train.txt", packages)
    if start == "uploaded":
        save_model(load_backbone(record, home=subject.home), folder / START)
    if record.modality == "text" and start not in ("packaged", "cached"):
        write_tokenizer(subject, folder / "tokenizer")
    return {
        "words": f"{made.lines} lines of torch and {record.source}. Its data: the export of dataset "
        f"{subject.dataset.id} (`python -m tlcore data {subject.dataset.id} --export data.zip`), unzipped.",
        "lines": made.lines,
    }
