"""The forms in which a model can be taken along, known without loading what makes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tlcore.errors import ExportError

__all__ = ["ALIASES", "FORMS", "Form", "Tell", "known", "offered"]

Tell = Callable[[float, str], None]
"""Takes the share done, in [0, 1], and what is being done."""
ALIASES = {"merged": "native"}
"""Other names: of a run with adapters, the native folder holds them merged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form."""

    name: str
    title: str
    """For people."""
    purpose: str
    """What it is for, one sentence in Markdown."""
    icon: str
    writer: str
    """`module:function` of (subject, folder, root, tell): writes its files into `folder`, may read what it needs in
    `root`, and returns `words` for people, and figures."""
    needs: tuple[str, ...] = ()
    """Forms that have to be there before."""
    place: str = ""
    """Its folder inside an archive; empty where its files lie at the top."""
    offered: bool = True
    """Shown on pages; else the command line alone knows it."""
    only: Literal["", "text", "lora"] = ""
    """For texts only, or for runs with adapters only."""
    factor: float = 0.0
    """Bytes for each parameter of the model, roughly; 0 for next to none."""

    def missing(self, modality: str, strategy: str) -> str:
        """Why a run of this kind cannot have it; empty where it can."""
        if self.only == "text" and modality != "text":
            return f"{self.title} is for text models; take native or onnx for images."
        if self.only == "lora" and strategy != "lora":
            return "This run trained no adapter: only a run with the strategy lora has one."
        return ""


FORMS: tuple[Form, ...] = (
    Form(
        name="native",
        title="Weights with their loader",
        purpose="Safetensors, recipe, classes, preprocessing or tokenizer, and the little PyTorch that reads them.",
        icon=":material/folder_zip:",
        writer="tlcore.export.native:native",
        factor=4.0,
    ),
    Form(
        name="safetensors",
        title="Weights alone",
        purpose="One file of tensors, for code of your own.",
        icon=":material/deployed_code:",
        writer="tlcore.export.native:tensors",
        factor=4.0,
    ),
    Form(
        name="adapter",
        title="LoRA adapter alone",
        purpose="A small file for `PeftModel.from_pretrained` on the base that you have, and the head.",
        icon=":material/layers:",
        writer="tlcore.export.adapter:adapter",
        place="adapter",
        only="lora",
        factor=0.05,
    ),
    Form(
        name="huggingface",
        title="Hugging Face folder",
        purpose="For `AutoModelForSequenceClassification`, pipelines and the hub.",
        icon=":material/text_fields:",
        writer="tlcore.export.huggingface:huggingface",
        place="huggingface",
        only="text",
        factor=4.0,
    ),
    Form(
        name="onnx",
        title="ONNX",
        purpose="One file for ONNX Runtime, browsers, phones and other languages; preprocessing is in its metadata.",
        icon=":material/hub:",
        writer="tlcore.export.graph:graph",
        factor=4.0,
    ),
    Form(
        name="int8",
        title="ONNX in 8 bits",
        purpose="A quarter of the size and quicker on most CPUs, for a little accuracy.",
        icon=":material/compress:",
        writer="tlcore.export.eight:small",
        needs=("onnx",),
        factor=1.1,
    ),
    Form(
        name="torch",
        title="torch.export",
        purpose="A .pt2 program that torch runs and compiles without the code of any other library.",
        icon=":material/local_fire_department:",
        writer="tlcore.export.program:program",
        factor=4.0,
    ),
    Form(
        name="torchscript",
        title="TorchScript",
        purpose="For runtimes that read nothing else; torch has deprecated it.",
        icon=":material/history:",
        writer="tlcore.export.program:torchscript",
        offered=False,
        factor=4.0,
    ),
    Form(
        name="script",
        title="Training script",
        purpose="The same training in under 150 lines of plain PyTorch: phases, rates, schedule, augmentation, head.",
        icon=":material/code:",
        writer="tlcore.export.script:repeated",
    ),
    Form(
        name="card",
        title="Model card",
        purpose="README.md as the Hugging Face hub shows it.",
        icon=":material/description:",
        writer="tlcore.export.card:readme",
    ),
    Form(
        name="service",
        title="Service",
        purpose="A small web service over the model, with its Dockerfile; it needs neither torch nor the studio.",
        icon=":material/dns:",
        writer="tlcore.export.service:service",
        needs=("onnx",),
        factor=4.0,
    ),
)
"""In the order in which pages show them."""


def offered(modality: str, strategy: str, *, hidden: bool = False) -> tuple[Form, ...]:
    """Those that a run of this kind can have; with `hidden` also what pages do not show."""
    return tuple(form for form in FORMS if not form.missing(modality, strategy) and (form.offered or hidden))


def known(name: str, modality: str, strategy: str) -> Form:
    """A form by its name or alias.

    Raises:
        ExportError: there is none of that name, or not for this kind of run.
    """
    form = next((form for form in FORMS if form.name == ALIASES.get(name, name)), None)
    if form is None:
        names = ", ".join([*(form.name for form in FORMS), *ALIASES, "all"])
        raise ExportError(f"There is no format {name!r}. Known: {names}.")
    if why := form.missing(modality, strategy):
        raise ExportError(why)
    return form
