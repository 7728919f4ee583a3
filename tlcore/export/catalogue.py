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
    use: str
    """How it is used, in Markdown; `SAMPLE` stands for an image's file or a text."""
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
        use="`pip install -r requirements.txt`, then `python predict.py SAMPLE`. In code, in this folder: "
        "`from model import load`, and `load().predict([...])` or `.logits([...])`.",
        writer="tlcore.export.native:native",
        factor=4.0,
    ),
    Form(
        name="safetensors",
        title="Weights alone",
        purpose="One file of tensors, for code of your own.",
        icon=":material/deployed_code:",
        use='`safetensors.torch.load_file("model.safetensors")` gives the tensors by name; recipe, classes '
        "and preprocessing are in the file's metadata; a text model's tokenizer is in the forms that read texts.",
        writer="tlcore.export.native:tensors",
        factor=4.0,
    ),
    Form(
        name="adapter",
        title="LoRA adapter alone",
        purpose="A small file for `PeftModel.from_pretrained` on the base that you have, and the head.",
        icon=":material/layers:",
        use="`pip install -r requirements.txt` in `adapter/`, then `from load import load`, and `load(base)` "
        "with the pretrained network that `adapter_config.json` names.",
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
        use="`pip install -r requirements.txt`, then `python load.py SAMPLE`, both in `huggingface/`.",
        writer="tlcore.export.huggingface:huggingface",
        place="huggingface",
        only="text",
        factor=4.0,
    ),
    Form(
        name="onnx",
        title="ONNX",
        purpose="One graph for ONNX Runtime, browsers, phones and other languages; its metadata says how inputs are "
        "made, and a text model's tokenizer lies beside it.",
        icon=":material/hub:",
        use='`onnxruntime.InferenceSession("model.onnx")` gives logits. Its metadata has the classes, the '
        "temperature, and how inputs are made; of texts with the tokenizer in `tokenizer/`, which comes along.",
        writer="tlcore.export.graph:graph",
        factor=4.0,
    ),
    Form(
        name="int8",
        title="ONNX in 8 bits",
        purpose="A quarter of the size and quicker on most CPUs, for a little accuracy.",
        icon=":material/compress:",
        use='`onnxruntime.InferenceSession("model-int8.onnx")`, as with `model.onnx`; in code beside '
        '`model.py`: `load(weights="model-int8.onnx")`.',
        writer="tlcore.export.eight:small",
        needs=("onnx",),
        factor=1.1,
    ),
    Form(
        name="torch",
        title="torch.export",
        purpose="A .pt2 program that torch runs and compiles without the code of any other library.",
        icon=":material/local_fire_department:",
        use='`torch.export.load("model.pt2").module()` takes prepared inputs and gives logits.',
        writer="tlcore.export.program:program",
        factor=4.0,
    ),
    Form(
        name="torchscript",
        title="TorchScript",
        purpose="For runtimes that read nothing else; torch has deprecated it.",
        icon=":material/history:",
        use='`torch.jit.load("model.torchscript.pt")` takes prepared inputs and gives logits.',
        writer="tlcore.export.program:torchscript",
        offered=False,
        factor=4.0,
    ),
    Form(
        name="script",
        title="Training script",
        purpose="The same training in under 150 lines of plain PyTorch: phases, rates, schedule, augmentation, head.",
        icon=":material/code:",
        use="`pip install -r requirements-train.txt`, then `python train.py DATA`, where `DATA` is the "
        "dataset as the studio exports it.",
        writer="tlcore.export.script:repeated",
    ),
    Form(
        name="card",
        title="Model card",
        purpose="README.md as the Hugging Face hub shows it.",
        icon=":material/description:",
        use="Read it; the Hugging Face hub shows it as the page of the model.",
        writer="tlcore.export.card:readme",
    ),
    Form(
        name="service",
        title="Service",
        purpose="A small web service over the model, with its Dockerfile; it needs neither torch nor the studio.",
        icon=":material/dns:",
        use="`pip install -r requirements-serve.txt`, then `python serve.py --port 8000`; or `docker build -t "
        "classifier .`, then `docker run -p 8000:8000 classifier`. `curl localhost:8000/` tells how it is "
        "asked. It does not say when a sample is unlike the training data, as the studio does: it answers with one of "
        "its classes whatever it is sent.",
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
